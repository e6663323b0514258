"""Work on the model that outlives a screen: asking the Hub, reading a file, weighing it, fetching it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from textual.worker import Worker

from weighbridge.domain.model.files import HubView
from weighbridge.domain.model.hub import Query, SearchRow
from weighbridge.domain.problems import Problem
from weighbridge.domain.run import Run
from weighbridge.services.hub import name as hub_name
from weighbridge.services.model_file import Cancelled
from weighbridge.tui.widgets.figures import mib
from weighbridge.tui.widgets.status_line import Notice
from weighbridge.tui.work.guard import Guard
from weighbridge.tui.work.transfer import Transfer

Weight = tuple[str, int, int, str, int]
"""What a forecast depends on: model, context, batch, type of the KV cache and layers on a GPU."""


@dataclass(frozen=True)
class Asking:
    """A question to the Hub that has no answer yet. `since`: seconds on the session's clock."""

    what: str
    since: float


class ModelJobs:
    """One question, one reading, one weighing and one download at a time; a newer one takes an older one's place."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._session = guard.session
        self.asking: Asking | None = None
        self.reading: Transfer | None = None
        self.loading: Transfer | None = None
        self.on_arrival: Callable[[], None] = lambda: None
        """What is done once the file is here: the step that waits for it says so, the last one counts."""
        self._question: Worker[None] | None = None
        self._reader: Worker[None] | None = None
        self._scale: Worker[None] | None = None
        self._on_scale: Weight | None = None
        self._in_vain: Weight | None = None
        self._stop_reading = threading.Event()
        self._stop_loading = threading.Event()

    @property
    def title(self) -> str:
        """What the title bar says of the download and the weighing; empty where neither goes on."""
        fetching = f"download {self.loading.percent}".strip() if self.loading is not None else ""
        return fetching or ("weighing…" if self.weighing else "")

    # -- asking the Hub -----------------------------------------------------------------------------------------

    def search(self, query: Query, then: Callable[[tuple[SearchRow, ...]], None]) -> None:
        """Asks for repositories; the answer to an earlier question is dropped."""

        async def ask() -> None:
            then(await self._session.search(query))

        self._ask(f"Searching the Hub for {query.words}" if query.words else "Searching the Hub", ask)

    def open(self, spec: str, then: Callable[[HubView], None], choose: Callable[[], None]) -> None:
        """Opens a repository; where `spec` names one of its files, `choose` is called instead."""

        async def ask() -> None:
            named = await asyncio.to_thread(hub_name.named, spec)
            if named.file_name:
                choose()
            else:
                then(await self._session.look(spec))

        self._ask(f"Asking the Hub for {spec}", ask)

    def _ask(self, what: str, ask: Callable[[], Coroutine[Any, Any, None]]) -> None:
        asking = Asking(what, self._session.deps.monotonic())
        self.asking = asking

        async def asked() -> None:
            try:
                await ask()
            finally:
                if self.asking is asking:
                    self.asking = None

        self._question = self._guard.work(asked(), "hub", exclusive=True)

    def stop_asking(self) -> None:
        """Gives the question up; its answer is dropped."""
        self.asking = None
        if self._question is not None:
            self._question.cancel()

    # -- choosing a model ---------------------------------------------------------------------------------------

    def read(
        self,
        spec: str,
        then: Callable[[], None],
        asks: Callable[[Problem], bool] = lambda problem: False,
        *,
        whole: bool = False,
    ) -> None:
        """Makes it the model of the run; an earlier reading is given up. `then` runs if it went well.

        `asks`: whether the person is asked about a problem, and so has it answered; `whole`: a file may be fetched
        whole where the server sends no part of it.
        """
        self.stop_reading()
        self._stop_reading = threading.Event()
        self.reading = Transfer(spec, self._session.deps.monotonic)
        reading = self._read(self.reading, self._stop_reading, then, asks, whole)
        self._reader = self._guard.work(reading, "model", exclusive=True)

    async def _read(
        self,
        reading: Transfer,
        stop: threading.Event,
        then: Callable[[], None],
        asks: Callable[[Problem], bool],
        whole: bool,
    ) -> None:
        try:
            await self._session.choose_model(reading.name, reading.progress, stop, whole=whole)
        except Cancelled:
            return
        except Problem as problem:
            if not asks(problem):
                raise
            return
        finally:
            if self.reading is reading:
                self.reading = None
        self._guard.changed()
        then()

    def stop_reading(self) -> None:
        """Gives the reading up: what it finds still is dropped, and the run keeps its model."""
        self._stop_reading.set()
        self.reading = None
        if self._reader is not None:
            self._reader.cancel()

    # -- weighing -----------------------------------------------------------------------------------------------

    @property
    def weighing(self) -> bool:
        return self._on_scale is not None

    def weigh_if_due(self, run: Run) -> None:
        """Asks the engine for the forecast, unless it has given it, or could not for this model and these settings."""
        settings = run.settings
        key = (run.model_key, settings.n_ctx, settings.n_batch, settings.kv_type, settings.n_gpu_layers)
        due = run.forecast is not None and run.forecast.method == "formula" and not run.planned
        if not due or key in (self._on_scale, self._in_vain) or self._session.job is not None:
            return
        self._on_scale = key
        self._scale = self._guard.work(self._weigh(key), "weigh", exclusive=True)

    async def _weigh(self, key: Weight) -> None:
        try:
            run = await self._session.weigh()
            self._in_vain = key if run.forecast and run.forecast.method == "formula" else None
        except Problem:
            self._in_vain = key
            raise
        finally:
            if self._on_scale == key:
                self._on_scale = None

    def stop_weighing(self) -> None:
        if self._on_scale is not None and self._scale is not None:
            self._scale.cancel()
            self._on_scale = None

    # -- fetching -----------------------------------------------------------------------------------------------

    def download(self, then: Callable[[], None]) -> None:
        """Fetches the file of the run. `then` runs once it is here and its digest was checked."""
        model = self._session.run.model
        if self.loading is None and model is not None:
            self.on_arrival = then
            self._stop_loading = threading.Event()
            self.loading = Transfer(model.file_name, self._session.deps.monotonic)
            self._guard.work(self._download(self.loading, self._stop_loading), "download")
            self._guard.changed()

    async def _download(self, loading: Transfer, stop: threading.Event) -> None:
        try:
            await self._session.download(loading.progress, stop)
        except Cancelled:
            here = f" {mib(loading.done)} of {mib(loading.total)} are here." if loading.total else ""
            self._guard.tell(Notice(f"The download was stopped.{here}", "ctrl+d goes on from there."))
            return
        finally:
            if self.loading is loading:
                self.loading = None
        model = self._session.run.model
        checked = "and its SHA-256 was checked" if model and model.declared_sha256 else "with no SHA-256 to check it by"
        self._guard.tell(Notice(f"The file is here, {checked}.", "ctrl+n goes on."))
        self._guard.changed()
        self.on_arrival()

    def stop_loading(self) -> None:
        """Asks the download to stop: it does within 0.3 s, and keeps what is here."""
        self._stop_loading.set()

    def stop_all(self) -> None:
        self.stop_asking()
        self.stop_reading()
        self.stop_weighing()
        self.stop_loading()
