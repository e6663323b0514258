"""The record of an eval, brought up to date event by event."""

from __future__ import annotations

from collections.abc import Iterable

from weighbridge.domain.proof.events import Attempt, Connected, Ended, Event, Failed, Stopped
from weighbridge.domain.proof.shutdown import shutdown_text
from weighbridge.domain.run import EvalRecord, Run
from weighbridge.domain.serving.identity import ServedModel, own_facts
from weighbridge.domain.verdict.decision import CaseResult, judge
from weighbridge.domain.verdict.repeats import CaseFold
from weighbridge.domain.verdict.result_noise import ResultNoise


class EvalFold:
    """Takes the events of an eval's jobs in order; `record` is what is known. Holds no event longer than its turn."""

    def __init__(self, record: EvalRecord) -> None:
        self.record = record
        self.done = {result.case for result in record.results}
        """The cases that have their result."""
        self._cases = CaseFold(record.pack.active)
        self._order = {case.id: at for at, case in enumerate(record.pack.active)}
        self._overruled = {result.case: result for result in record.results if result.overruled}
        self._noise = ResultNoise()
        self._failed: Failed | None = None
        self._stopped: Stopped | None = None

    def add(self, event: Event) -> bool:
        """Takes one event in; whether the record has changed."""
        before = self.record
        result = self._cases.add(event)
        self._noise.add(event, result is not None)
        if result is not None:
            self._with(result)
        match event:
            case Attempt():
                self._attempt(event)
            case Connected() if self.record.served is not None:
                self._connected(self.record.served, event)
            case Failed():
                self._failed = event
            case Stopped():
                self._stopped = event
            case Ended():
                self._close(event)
            case _:
                pass
        return self.record is not before

    def _update(self, **changes: object) -> None:
        self.record = self.record.model_copy(update=changes)

    def _attempt(self, attempt: Attempt) -> None:
        if attempt.number == 1:
            self._failed = self._stopped = None
        # Another kernel path may answer otherwise: results of two modes are never mixed in one baseline.
        results = self.record.results if self.record.mode in (None, attempt.mode) else ()
        self.done = {result.case for result in results}
        model = attempt.model_sha256
        self._update(mode=attempt.mode, model_sha256=model, results=results, outcome="running", gate=None)

    def _connected(self, before: ServedModel, event: Connected) -> None:
        """As little as results of two modes are those of two models mixed, where a server changed it in between."""
        now = before.model_copy(update={"facts": own_facts(event)})
        results = () if before.other_than(now) else self.record.results
        self.done = {result.case for result in results}
        self._update(served=now, results=results)

    def _with(self, result: CaseResult) -> None:
        """An overruled mark speaks of one answer: it stays where the same answer is read once more."""
        marked = self._overruled.get(result.case)
        if marked is not None and marked.model_copy(update={"overruled": None}) == result:
            result = marked
        self.done.add(result.case)
        others = [r for r in self.record.results if r.case != result.case]
        self._update(results=tuple(sorted((*others, result), key=lambda r: self._order[r.case])))

    def _close(self, ended: Ended) -> None:
        message = self._failed.message if self._failed and ended.outcome == "failed" else ""
        self._update(outcome=ended.outcome, message=message, shutdown=shutdown_text(self._stopped))
        self.judge()

    def judge(self) -> bool:
        """Puts the mark of the noise in the record, and the gate where every case has its result."""
        noise = self._noise.result() or self.record.noise
        whole = len(self.record.results) == len(self.record.pack.active)
        gate = judge(self.record.results, self.record.policy, noise) if whole else None
        self._update(noise=noise, gate=gate)
        return whole


def standing(record: EvalRecord) -> EvalRecord:
    """Which record the run keeps: an eval begun anew that did not get to its gate takes no earlier gate away.

    One that failed does, if it has a mark: it tells of the same model and settings, and of today. Before its first
    mark it tells nothing of the model: a server that is down leaves the earlier eval as it is.
    """
    if record.replaces is None:
        return record
    if not record.results:
        return record.replaces
    if record.outcome == "running":
        return record
    return record.replaces if record.outcome == "stopped" and record.gate is None else without_earlier(record)


def without_earlier(record: EvalRecord) -> EvalRecord:
    """The record alone."""
    return record.model_copy(update={"replaces": None})


def recovered(run: Run, events: Iterable[Event]) -> Run:
    """A run after a kill: every case graded in the events is in the record, and nothing claims to run still.

    The events are read once and are not kept.
    """
    record = run.evaluation
    if record is None or record.outcome != "running" or not record.job_ids:
        return run
    fold, inside = EvalFold(record), False
    for event in events:
        if isinstance(event, Attempt):
            inside = event.job_id in record.job_ids
        if inside:
            fold.add(event)
    if fold.record.outcome == "running":
        ended = {"outcome": "completed"} if fold.judge() else {"outcome": "stopped", "message": "interrupted"}
        fold.record = fold.record.model_copy(update=ended)
    return run.model_copy(update={"evaluation": standing(fold.record)})
