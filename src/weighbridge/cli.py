"""The command line: reads the arguments, then imports only what the verb needs."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import Namespace

    from weighbridge.services.runs.store import RunStore
    from weighbridge.session.session import Session


def main(argv: Sequence[str] | None = None) -> int:
    """The program: arguments in, exit code out. Imports are inside, so that ctrl+c finds a guard at any moment."""
    try:
        from weighbridge.plain.exits import guarded, utf8_streams
        from weighbridge.plain.usage.verbs import parser

        utf8_streams()
        return guarded(lambda: _dispatch(parser().parse_args(argv)))
    except KeyboardInterrupt:
        return 130


ROOMS = {
    "route": "route",
    "search": "search",
    "fit": "fit",
    "card": "card",
    "download": "download",
    "run": "plan",
    "verify": "verify",
    "sign": "sign",
    "schema": "schema",
    "compare": "compare",
    "runs": "runs",
    "cases": "cases",
    "notebook": "notebook",
    "import": "notebook_import",
    "export": "export",
    "load": "load",
    "jobs": "rentals",
    "doctor": "doctor",
}
"""Verbs, and the module of `plain` that each has to itself."""


def _dispatch(args: Namespace) -> int:
    """Each verb has its room in `plain`, imported only when it is asked for; without a verb it is the wizard."""
    if getattr(args, "key_over_http", False) and getattr(args, "model", None):
        import_module("weighbridge.plain.served").agree(args.model)
    if args.verb == "prove":
        return _prove(args)
    if args.verb == "replay":
        return _replay(args)
    if args.verb is None or (args.verb == "runs" and args.action == "resume"):
        return _wizard(args)
    return int(import_module(f"weighbridge.plain.verbs.{ROOMS[args.verb]}").main(args))


def _prove(args: Namespace) -> int:
    """Ctrl+c is held back until it can be told in the summary."""
    from weighbridge.plain.exits import interrupts_held

    with interrupts_held() as release:
        room = "prove" if args.packet is None else "again"
        return int(import_module(f"weighbridge.plain.verbs.{room}").main(args, release))


def _replay(args: Namespace) -> int:
    """A recorded job, full-screen or as lines."""
    if args.plain or needs_prompts():
        return int(import_module("weighbridge.plain.verbs.replay").main(args))
    return int(import_module("weighbridge.tui.replay").run_replay(args))


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
    from weighbridge.session.runs.opening import open_run

    return open_run(real_deps(), run_id=wish, new=new)


def needs_prompts() -> bool:
    """Whether a full screen would not be seen, or not be read: no terminal, a dumb one, or a screen reader.

    The screen is drawn on standard error.
    """
    tty = all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))
    return not tty or os.environ.get("TERM") == "dumb" or os.environ.get("ACCESSIBLE", "") not in ("", "0")
