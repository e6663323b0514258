"""A server as MODEL on the command line: its key, the agreement to send it unencrypted, and waiting while it loads."""

from __future__ import annotations

import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable

from weighbridge.domain.problems import OutsideFailed
from weighbridge.plain import diagnostics
from weighbridge.services.endpoint import keys
from weighbridge.services.endpoint.address import parse
from weighbridge.services.endpoint.problems import EndpointProblem, KeyNeeded
from weighbridge.session.model.endpoint_choice import is_served_spec

LOADING_S, ASK_EVERY_S = 900.0, 2.0
"""How long a server may take to load its model before it is given up, and how often it is asked, seconds."""
_TRIES = 3


def agree(spec: str) -> None:
    """`--key-over-http`: the key may go to this one address unencrypted. BadInput where it is no address."""
    if spec.strip().lower().startswith("http") and is_served_spec(spec):
        keys.accept_plain(parse(spec).base_url)


async def patiently(choose: Callable[[], Awaitable[None]]) -> None:
    """Chooses a served model: waits while its server loads, and asks for the key where it wants one.

    A key is asked for on a terminal only, and is kept in memory. KeyNeeded where there is none, or it is refused.
    """
    waited, tries = 0.0, 0
    while True:
        try:
            return await choose()
        except KeyNeeded as need:
            tries += 1
            if tries > _TRIES or not _typed(need):
                raise
        except EndpointProblem as problem:
            if problem.kind != "loading":
                raise
            if waited >= LOADING_S:
                raise OutsideFailed(f"{problem} Waited {waited:.0f} s.", problem.hint) from None
            diagnostics.note(f"waiting {waited:.0f} of at most {LOADING_S:.0f} s: {problem}")
            await asyncio.sleep(ASK_EVERY_S)
            waited += ASK_EVERY_S


def _typed(need: KeyNeeded) -> bool:
    """Whether a person typed a key; it is not echoed, and goes to the origin that asked for it alone."""
    if sys.stdin is None or not sys.stdin.isatty() or sys.stderr is None or not sys.stderr.isatty():
        return False
    diagnostics.note(str(need))
    try:
        key = getpass.getpass(f"API key for {keys.origin(need.address)} (not shown, kept nowhere): ").strip()
    except EOFError:
        return False
    if key:
        keys.give(need.address, key)
    return bool(key)
