"""The command line: reads the arguments, then imports only what the verb needs."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import Namespace

    from weighbridge.services.store import RunStore
    from weighbridge.session.session import Session


def main(argv: Sequence[str] | None = None) -> int:
    """The program: arguments in, exit code out. Imports are inside, so that ctrl+c finds a guard at any moment."""
    try:
        from weighbridge.plain.exits import guarded, utf8_streams
        from weighbridge.plain.usage import parser

        utf8_streams()
        return guarded(lambda: _dispatch(parser().parse_args(argv)))
    except KeyboardInterrupt:
        return 130


def _dispatch(args: Namespace) -> int:
    """Each verb has its room in `plain`; without a verb it is the wizard."""
    match args.verb:
        case "route":
            from weighbridge.plain import route

            return route.main(args)
        case "fit" | "card":
            from weighbridge.plain import model

            return model.main(args)
        case "prove":
            from weighbridge.plain.exits import interrupts_held

            with interrupts_held() as release:
                from weighbridge.plain import prove

                return prove.main(args, release)
        case "run":
            from weighbridge.plain import plan

            return plan.main(args)
        case "verify":
            from weighbridge.plain import verify

            return verify.main(args)
        case "runs" if args.action != "resume":
            from weighbridge.plain import runs

            return runs.main(args)
        case "doctor":
            from weighbridge.plain import doctor

            return doctor.main(args)
        case _:
            return _wizard(args)


def _wizard(args: Namespace) -> int:
    """The nine steps, full-screen or as line prompts."""
    wish = args.id if args.verb == "runs" else args.run
    if args.plain or needs_prompts():
        from weighbridge.plain import diagnostics
        from weighbridge.plain.wizard import walk

        session, _, notice = _opened(wish, args.new)
        if notice:
            diagnostics.say(notice)
        return walk(session)
    from weighbridge.tui.app import run_wizard

    return run_wizard(lambda: _opened(wish, args.new))


def _opened(wish: str | None, new: bool) -> tuple[Session, RunStore, str]:
    from weighbridge.session.deps import real_deps
    from weighbridge.session.opening import open_run

    return open_run(real_deps(), run_id=wish, new=new)


def needs_prompts() -> bool:
    """Whether a full screen would not be seen, or not be read: no terminal, a dumb one, or a screen reader.

    The screen is drawn on standard error.
    """
    tty = all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))
    return not tty or os.environ.get("TERM") == "dumb" or os.environ.get("ACCESSIBLE", "") not in ("", "0")
