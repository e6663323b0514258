"""The session: holds the run, applies intents, saves, and tells whoever watches."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from pathlib import Path
from typing import Self

from weighbridge.domain import intents as want
from weighbridge.domain.flow import elsewhere, inputs_digest, missing
from weighbridge.domain.model.files import HubView
from weighbridge.domain.model.hub import CardText, Query, SearchRow
from weighbridge.domain.packet import is_complete
from weighbridge.domain.problems import BadInput, Refused
from weighbridge.domain.proof.disk import DiskNeed, eval_need, proof_need
from weighbridge.domain.proof.events import Event, JobKind
from weighbridge.domain.proof.live import LiveView, Meter
from weighbridge.domain.route.decide import decide
from weighbridge.domain.run import PacketRecord, Run
from weighbridge.services.cases.packs import built_in_pack
from weighbridge.services.runs.store import RunFolder, RunStore
from weighbridge.session import answers
from weighbridge.session.deps import Deps
from weighbridge.session.jobs import evaluating, proving, recovery, spending
from weighbridge.session.jobs.job import Job
from weighbridge.session.jobs.loading import Load
from weighbridge.session.model import fetching, weighing
from weighbridge.session.model.choosing import Progress, check_unchanged
from weighbridge.session.packets import packing
from weighbridge.session.rental import renting
from weighbridge.session.verdict import eval_answers, tries

NOTE_EVERY_S = 1.0


class Session:
    """One open run. Not thread-safe: it lives on one event loop."""

    def __init__(self, folder: RunFolder, run: Run, deps: Deps) -> None:
        self._folder = folder
        self._run = run.model_copy(update={"rules": deps.rules()})
        self.deps = deps
        self.watchers: list[Callable[[Run], None]] = []
        self.meter = Meter()
        self.job: Job | Load | None = None
        self.lease: renting.Lease | None = None
        self._saved_at, self._unsaved = deps.monotonic(), False

    @classmethod
    def create(cls, store: RunStore, deps: Deps) -> Self:
        """A new run with every default, saved at once."""
        run_id = store.new_id()
        folder = store.open(run_id)
        machine = deps.machine(folder.folder)
        card = Run.model_fields["constraints"].default
        pack = built_in_pack()
        run = Run(
            id=run_id,
            created_at=deps.now(),
            updated_at=deps.now(),
            decision=decide(card, deps.tables, machine.available_bytes),
            machine=machine,
            pack=pack,
            policy=pack.default_policy(),
        )
        folder.save(run)
        return cls(folder, run, deps)

    @classmethod
    def resume(cls, store: RunStore, deps: Deps, run_id: str) -> Self:
        """An earlier run as it was left. What its events hold whole and its record does not is taken over from them."""
        store.load(run_id)
        folder = store.open(run_id)
        try:
            run = recovery.recovered(renting.caught_up(store.load(run_id), deps.home), folder)
            run = spending.recovered(run, folder.events())
        except BaseException:
            folder.close()
            raise
        return cls(folder, answers.with_licence(fetching.without_lost_file(run), deps.licences()), deps)

    @property
    def run(self) -> Run:
        return self._run

    @property
    def folder(self) -> Path:
        return self._folder.folder

    @property
    def live(self) -> LiveView:
        """The picture of the proof or eval that runs, or ran last."""
        return self.meter.view()

    @property
    def forecast_bytes(self) -> int | None:
        """The forecast line of the memory panel."""
        return self._run.forecast.total_bytes if self._run.forecast else None

    def disk_need(self, kind: JobKind) -> DiskNeed:
        """What a proof or an eval of the present run may write at most: announced before it starts."""
        run = self._run
        if kind == "proof":
            return proof_need(run.settings, run.prompt)
        return eval_need(run.settings, run.pack.active if run.pack else ())

    def events(self) -> tuple[Event, ...]:
        """All events of the run so far."""
        return tuple(self._folder.events())

    def apply(self, intent: want.Intent) -> Run:
        """Changes the run as the person wants, saves it, tells the watchers. BadInput changes nothing."""
        match intent:
            case want.Answer():
                run = self._decided(answers.answer(self._run, intent))
            case want.TypeFact():
                run = answers.type_fact(self._run, intent, self.deps.licences())
            case want.ChangeSetting():
                run = self._forecast(answers.change_setting(self._run, intent))
            case want.ChangePrompt():
                run = answers.change_prompt(self._run, intent)
            case want.ChangePlan() | want.ChangeServe():
                run = answers.change_plan(self._run, intent)
            case want.AcceptMemoryRisk():
                run = answers.accept_memory_risk(self._run, intent, self.deps.now())
            case want.AcceptLicenceRisk():
                run = answers.accept_licence_risk(self._run, intent, self.deps.now())
            case want.UsePack() | want.ChangeThreshold() | want.ChangeTimeLimit() | want.OverruleMark():
                run = eval_answers.changed(self._run, intent, self.deps.now())
            case want.Rename():
                return self._save(answers.rename(self._run, intent))
            case want.RecordTry() | want.Decide():
                run = tries.changed(self._run, intent, self.deps.now())
            case want.Confirm():
                run = answers.confirm(self._run, intent, self.deps.now())
        return self.keep(run)

    def keep(self, run: Run) -> Run:
        """Saves a run and makes it the present one. OutsideFailed leaves the old one in place."""
        return self._save(run.model_copy(update={"updated_at": self.deps.now()}))

    def _save(self, run: Run) -> Run:
        """Saves a run as it is: a name is no work, and leaves the time of the last work."""
        self._folder.save(run)
        self._saved_at, self._unsaved = self.deps.monotonic(), False
        return self._become(run)

    def note(self, run: Run) -> Run:
        """As `keep`, but at most once a second on disk: for what the events there say anyway, so that a kill loses
        nothing. A run holds every answer, and writing it whole for each of 1,000 cases would be quadratic."""
        if self.deps.monotonic() - self._saved_at >= NOTE_EVERY_S:
            return self.keep(run)
        self._unsaved = True
        return self._become(run.model_copy(update={"updated_at": self.deps.now()}))

    def _become(self, run: Run) -> Run:
        self._run = run
        for watcher in list(self.watchers):
            watcher(run)
        return run

    def _decided(self, run: Run) -> Run:
        decision = decide(run.constraints, self.deps.tables, run.machine.available_bytes)
        return run.model_copy(update={"decision": decision})

    def _forecast(self, run: Run) -> Run:
        return weighing.by_formula(run, self.deps, self.folder)

    async def weigh(self) -> Run:
        """The forecast of the present model and settings by the engine itself: a second or two, in a child."""
        asked = self._run
        weighed = await weighing.by_engine(asked, self.deps, self.folder)
        present = self._run
        if (present.model, present.settings) != (asked.model, asked.settings):
            return self.keep(self._forecast(present))
        return self.keep(weighing.with_forecast(present, weighed.forecast))

    async def search(self, query: Query) -> tuple[SearchRow, ...]:
        """Repositories of the Hub that hold GGUF files. HubProblem."""
        return await fetching.search(self, query)

    async def look(self, spec: str) -> HubView:
        """The model files of a repository (org/repo[@revision] or an address), each with what it needs here.

        Nothing of the run changes: `choose_model("org/repo@revision:file")` does. HubProblem or BadInput.
        """
        return await fetching.look(self, spec)

    async def download(self, progress: Progress | None = None, cancelled: threading.Event | None = None) -> Run:
        """Fetches the chosen file of the Hub and checks its digest. Cancelled, HubProblem, OutsideFailed."""
        run = await fetching.download(self, progress, cancelled or threading.Event())
        return self.keep(self._forecast(run))

    def part_bytes(self) -> int:
        """How much of the file that is to be downloaded is here already."""
        return fetching.part_bytes(self)

    def card_text(self) -> CardText | None:
        """The model card of the chosen model as it stands in the repository; None where there is none to show."""
        return fetching.card_text(self)

    async def choose_model(
        self,
        spec: str,
        progress: Progress | None = None,
        cancelled: threading.Event | None = None,
        *,
        whole: bool = False,
    ) -> Run:
        """Takes `bundled`, a .gguf path, or org/repo[@revision][:file] of the Hub. BadInput, HubProblem, Cancelled.

        Of a file of the Hub only the header is fetched; `whole` agrees to fetch it all where that cannot be had.
        """
        stop = cancelled or threading.Event()
        chosen = await fetching.choose(self, spec, progress, stop, whole)
        fetching.keep_card(self.folder, chosen.card)
        run = self._run.model_copy(update={"model": chosen.model, "declared": chosen.facts})
        return self.keep(self._forecast(answers.with_licence(run, self.deps.licences())))

    async def check_can_run(self) -> None:
        """Refused or BadInput, with the way out, where a proof or eval cannot start."""
        if self.job is not None:
            raise Refused(f"The {self.job.name} is running already.", "Stop it with escape first.")
        if self._run.target is None and elsewhere(self._run):
            raise Refused(
                f"The route is {self._run.decision.route}: nothing runs on this machine.",
                "The plan names the commands to run there.",
            )
        if lack := missing(self._run, "model"):
            raise BadInput(lack)
        if lack := missing(self._run, "card"):
            raise Refused(lack, "Choose another model, or accept the risk on record in the step Card.")
        if self._run.target is not None:
            await renting.require_server(self)
            return
        fetching.require_downloaded(self._run)
        await self.weigh()
        weighing.require_gpu(self._run)
        lack = missing(self._run, "runtime")
        if lack:
            raise Refused(lack, "Lower the context, choose a smaller model, or accept the risk on record.")
        assert self._run.model is not None
        await asyncio.to_thread(check_unchanged, self._run.model)

    async def prove(self) -> AsyncGenerator[Event, None]:
        """Runs the proof; every event is on disk before it is yielded."""
        async with aclosing(spending.counted(self, proving.prove(self, self._folder))) as events:
            async for event in events:
                yield event

    async def evaluate(self) -> AsyncGenerator[Event, None]:
        """Runs the cases that have no result yet; every result is on disk before it is yielded."""
        async with aclosing(spending.counted(self, evaluating.evaluate(self, self._folder))) as events:
            async for event in events:
                yield event

    def take_events(self, events: Iterable[Event]) -> None:
        """Puts events of a job that ran elsewhere beside those of the run. OutsideFailed where the disk fails."""
        for event in events:
            self._folder.append(event)

    async def stop(self) -> None:
        """Stops the proof or eval that runs: the child is gone within 0.3 s. Does nothing if none runs."""
        if self.job is not None:
            await self.job.stop()

    async def write_packet(self, target: Path) -> PacketRecord:
        """Writes the packet in one step and records it. OutsideFailed leaves no half packet."""
        run = self._run
        seal = await asyncio.to_thread(packing.write, run, self._folder, target, self.deps.now())
        record = PacketRecord(
            path=str(target),
            seal=seal,
            at=self.deps.now(),
            inputs=inputs_digest(run, "packet"),
            complete=is_complete(run),
            planned=run.planned,
        )
        self.keep(run.model_copy(update={"packet": record}))
        return record

    async def close(self) -> None:
        """Stops what runs, gives a rented machine back, and the run. OutsideFailed where that machine may still run."""
        await self.stop()
        try:
            await renting.close(self)
            if self._unsaved:
                self.keep(self._run)
        finally:
            self._folder.close()
