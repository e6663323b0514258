"""The runs on this machine as rows: what a list shows, what a search finds, in the order of work."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from weighbridge.domain.base import Record
from weighbridge.domain.flow import first_open, status
from weighbridge.domain.run import Run
from weighbridge.domain.steps import BY_ID, STEPS
from weighbridge.services.runs.disk_use import size_of
from weighbridge.services.runs.store import RunEntry, RunStore


class RunRow(Record):
    """One run of a list. Of a run that cannot be read only id, `problem`, `updated_at` and size are known.

    `state`: where it stands, in at most 14 characters. `size_bytes`: None where it was not measured.
    """

    id: str
    name: str = ""
    problem: str = ""
    state: str = "cannot be read"
    created_at: str | None = None
    updated_at: str
    task: str | None = None
    route: str | None = None
    model: str | None = None
    proof: str | None = None
    gate: str | None = None
    decision: str | None = None
    packet: str | None = None
    steps: dict[str, str] = {}  # noqa: RUF012
    size_bytes: int | None = None


def rows(store: RunStore, words: Sequence[str] = (), *, sizes: bool = True) -> list[RunRow]:
    """Runs in which every word is found, the one that was worked on last first."""
    found = [row(entry) for entry in store.list()]
    chosen = sorted(matching(found, words), key=lambda one: (one.updated_at, one.id), reverse=True)
    return [with_size(store, one) for one in chosen] if sizes else chosen


class KnownPacket(Record):
    """A packet that a run of this machine saved last, and that is still there. `saved_at`: ISO 8601 in UTC."""

    path: str
    saved_at: str
    run_id: str
    run_name: str
    decision: str | None


def known_packets(store: RunStore) -> tuple[KnownPacket, ...]:
    """Every packet that the runs know and whose folder stands, the one saved last first. A path is named once."""
    found: dict[str, KnownPacket] = {}
    for entry in store.list():
        run = entry.run
        if run is None or run.packet is None or not Path(run.packet.path).is_dir():
            continue
        choice = run.verdict.choice if run.verdict else None
        path, at = run.packet.path, run.packet.at
        if path not in found or found[path].saved_at < at:
            found[path] = KnownPacket(path=path, saved_at=at, run_id=run.id, run_name=run.name, decision=choice)
    return tuple(sorted(found.values(), key=lambda one: (one.saved_at, one.path), reverse=True))


def packet_before(known: Sequence[KnownPacket], new: str) -> str:
    """The path of the packet that was saved last before `new`; empty where there is none, or `new` is not known."""
    paths = [one.path for one in known]
    after = paths[paths.index(new) + 1 :] if new in paths else []
    return after[0] if after else ""


def with_size(store: RunStore, one: RunRow) -> RunRow:
    """The row with the bytes that the run's folder holds."""
    return one.model_copy(update={"size_bytes": size_of(store.runs / one.id)})


def matching(found: Iterable[RunRow], words: Sequence[str]) -> list[RunRow]:
    """The rows that hold every word, in id, name, model, task, route, gate, decision or problem; case aside."""
    wanted = [_folded(word) for word in words]
    return [one for one in found if all(word in _words(one) for word in wanted)]


def _words(one: RunRow) -> str:
    held = (one.id, one.name, one.model, one.task, one.route, one.gate, one.decision, one.state, one.problem)
    return _folded(" ".join(text for text in held if text))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def row(entry: RunEntry) -> RunRow:
    """One run, without its size."""
    run = entry.run
    if run is None:
        return RunRow(id=entry.id, problem=entry.problem, updated_at=_begun(entry.id))
    gate = run.evaluation.gate if run.evaluation else None
    return RunRow(
        id=run.id,
        name=run.name,
        state=_state(run),
        created_at=run.created_at,
        updated_at=run.updated_at,
        task=run.constraints.task,
        route=run.decision.route,
        model=run.model.name if run.model else None,
        proof=run.proof.outcome if run.proof else None,
        gate=gate.gate if gate else None,
        decision=run.verdict.choice if run.verdict else None,
        packet=run.packet.path if run.packet else None,
        steps={step.id: status(run, step.id) for step in STEPS},
    )


def _state(run: Run) -> str:
    if status(run, "packet") == "done":
        return "packet saved"
    step = BY_ID[first_open(run)]
    return f"{step.number} {step.title}"


def _begun(run_id: str) -> str:
    """When a run was begun, as its id has it: ISO 8601 in UTC."""
    d, t = run_id[:8], run_id[9:15]
    return f"{d[:4]}-{d[4:6]}-{d[6:]}T{t[:2]}:{t[2:4]}:{t[4:]}Z"


def size_words(value: int | None) -> str:
    """Bytes in the unit that keeps the figure short; decimal, as disks are sold."""
    if value is None:
        return "not measured"
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if value >= factor:
            return f"{value / factor:,.1f} {unit}"
    return f"{value} B"
