"""Choosing a model and bringing it here, with progress for big files, and an end on ctrl+c."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from weighbridge.domain.model.files import HubView
from weighbridge.domain.problems import BadInput, HubProblem
from weighbridge.domain.text import clean_line
from weighbridge.plain import diagnostics
from weighbridge.plain.served import patiently
from weighbridge.plain.texts.hub import advice
from weighbridge.plain.transfer import Meter
from weighbridge.services.endpoint.address import TRANSFORMERS
from weighbridge.services.hub.name import named
from weighbridge.services.model_file import Cancelled, is_hub_spec, resolve
from weighbridge.session.model.endpoint_choice import is_served_spec
from weighbridge.session.session import Session

Write = Callable[[str], None]
NO_FORECAST = "There is nothing to forecast for a model that a server answers for: its memory is the server's own."
NO_FORECAST_HERE = (
    "There is no forecast for transformers, which weighbridge starts here and which tells none: before the start the "
    "size of the weights is held against the memory that is free."
)
WHOLE = "`--whole` agrees to fetch the whole file for it; `weighbridge download` fetches it too."


async def choose(session: Session, spec: str, *, whole: bool = False, write: Write | None = None) -> None:
    """The session's model becomes `spec`. BadInput, HubProblem, Refused or OutsideFailed say why not.

    A repository without a file means its recommended one, which is said. `whole`: where a server sends no part of a
    file, all of it may be fetched to read its header.
    """
    if is_served_spec(spec):
        return await patiently(lambda: _choose(session, spec, whole, write))
    view = None if session.run.planned else await open_repository(session, spec)
    if view is not None and view.recommended:
        (write or diagnostics.note)(f"No file is named. {advice(view)}")
        spec = exact(view, view.recommended)
    try:
        await _choose(session, spec, False, write)
    except HubProblem as problem:
        if problem.kind != "no_ranges":
            raise
        if not whole:
            raise HubProblem(problem.kind, str(problem), WHOLE) from None
        await _choose(session, spec, True, write)


async def _choose(session: Session, spec: str, whole: bool, write: Write | None) -> None:
    what = "downloading" if whole else "sha256"
    cancelled = threading.Event()
    meter = Meter(what, session.deps.monotonic, write)
    try:
        await session.choose_model(spec, meter, cancelled, whole=whole)
    finally:
        cancelled.set()
        meter.close()


async def inspect(session: Session, spec: str, *, whole: bool = False) -> None:
    """The session's model becomes `spec` without its digest: for a forecast a local file is not read to its end.

    BadInput where a server answers for it.
    """
    if is_served_spec(spec):
        started = spec.strip().lower().startswith(TRANSFORMERS)
        raise BadInput(
            NO_FORECAST_HERE if started else NO_FORECAST,
            "`weighbridge prove` measures what it gives; `weighbridge card` shows what it tells.",
        )
    if is_hub_spec(spec):
        await choose(session, spec, whole=whole)
    else:
        session.keep(session.run.model_copy(update={"model": resolve(spec).choice}))


async def open_repository(session: Session, spec: str) -> HubView | None:
    """The files of a repository that is named without one of them; None for every other model."""
    if not is_hub_spec(spec) or named(spec).file_name:
        return None
    return await session.look(spec)


def exact(view: HubView, file_name: str) -> str:
    """MODEL of one file of a repository that was looked at."""
    return f"{view.repo}@{view.revision}:{file_name}"


async def fetch(session: Session, write: Write | None = None) -> None:
    """Downloads the chosen file where it is not here yet. Cancelled where ctrl+c stopped it: what came is kept.

    HubProblem, Refused or OutsideFailed say why it failed.
    """
    model = session.run.model
    if model is None or not model.to_download:
        return
    with stoppable() as cancelled:
        meter = Meter(f"downloading {clean_line(model.file_name, 80)}", session.deps.monotonic, write)
        try:
            await session.download(meter, cancelled)
        finally:
            meter.close()


async def fetch_or_quit(session: Session) -> None:
    """The same for a verb: ctrl+c ends the program, and says how it goes on. Raises KeyboardInterrupt."""
    try:
        await fetch(session)
    except Cancelled:
        diagnostics.note("stopped; what came is kept, and the same command goes on with it")
        raise KeyboardInterrupt from None


@contextmanager
def stoppable() -> Iterator[threading.Event]:
    """An event that the first ctrl+c sets; the second one raises KeyboardInterrupt. For coroutines."""
    cancelled = threading.Event()
    loop = asyncio.get_running_loop()

    def on_ctrl_c(_number: int, _frame: FrameType | None) -> None:
        if cancelled.is_set():
            raise KeyboardInterrupt
        cancelled.set()
        loop.call_soon_threadsafe(diagnostics.note, "stopping; ctrl+c again quits at once")

    before = signal.signal(signal.SIGINT, on_ctrl_c)
    try:
        yield cancelled
    finally:
        signal.signal(signal.SIGINT, before)
        cancelled.set()
