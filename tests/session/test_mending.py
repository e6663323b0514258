"""A damaged line among the events is named, and its job can be set aside: the rest of the run goes on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from crashing import pack

from weighbridge.domain.flow import status
from weighbridge.domain.intents import Confirm, UsePack
from weighbridge.domain.problems import OutsideFailed
from weighbridge.domain.proof.summary import jobs
from weighbridge.domain.steps import ORDER, StepId
from weighbridge.services.runs.mending import ASIDE, mend
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Session


@pytest.fixture
async def run_id(session: Session) -> str:
    """A closed run with a proof and an eval."""
    await session.choose_model("bundled")
    session.apply(UsePack(pack=pack(5)))
    for step in ORDER[:7]:
        if step in ("proof", "eval"):
            async for _ in session.prove() if step == "proof" else session.evaluate():
                pass
        session.apply(Confirm(step=step))
    await session.close()
    return session.run.id


def damage(store: RunStore, run_id: str, at: int) -> None:
    path = store.runs / run_id / "events.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    lines[at] = b"\0" * (len(lines[at]) - 1) + b"\n"
    path.write_bytes(b"".join(lines))


def mended(store: RunStore, run_id: str) -> tuple[int, int]:
    folder = store.open(run_id)
    try:
        return mend(folder, store.load(run_id))[1:]
    finally:
        folder.close()


@pytest.mark.parametrize(("job", "owed"), [(0, "proof"), (1, "eval")])
async def test_the_job_of_a_damaged_line_is_set_aside(
    store: RunStore, run_id: str, reopen: Callable[[str], Session], job: int, owed: StepId
) -> None:
    opened = reopen(run_id)
    before = jobs(opened.events())
    await opened.close()
    number = 5 + (len(before[0]) if job else 0)
    damage(store, run_id, number - 1)
    opened = reopen(run_id)
    with pytest.raises(OutsideFailed, match=f"line {number}, is not an event") as said:
        opened.events()
    assert f"runs mend {run_id}" in said.value.hint
    await opened.close()
    assert mended(store, run_id) == (1, len(before[job]))
    opened = reopen(run_id)
    assert list(opened.events()) == list(before[1 - job])
    assert [step for step in ("proof", "eval") if status(opened.run, step) != "done"] == [owed]
    assert len((opened.folder / ASIDE).read_bytes().splitlines()) == len(before[job])
    async for _ in opened.prove() if owed == "proof" else opened.evaluate():
        pass
    opened.apply(Confirm(step=owed))
    assert status(opened.run, owed) == "done"
    await opened.close()


async def test_whole_events_are_left_as_they_are(store: RunStore, run_id: str) -> None:
    path = store.runs / run_id / "events.jsonl"
    before, run = path.read_bytes(), store.load(run_id)
    assert mended(store, run_id) == (0, 0)
    assert path.read_bytes() == before and store.load(run_id) == run and not path.with_name(ASIDE).exists()


async def test_a_lost_beginning_takes_the_job_before_it_along(store: RunStore, run_id: str) -> None:
    folder = store.open(run_id)
    first = len(jobs(folder.events())[0])
    folder.close()
    damage(store, run_id, first)
    assert mended(store, run_id)[0] == 1
    run = store.load(run_id)
    assert run.proof is None and run.evaluation is None
    assert (store.runs / run_id / "events.jsonl").read_bytes() == b""
