"""Runs of earlier versions: read as they were meant, rewritten when they are next saved, never half understood."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from weighbridge.domain import intents as want
from weighbridge.domain.base import digest
from weighbridge.domain.flow import status
from weighbridge.domain.problems import OutsideFailed
from weighbridge.domain.run import Run
from weighbridge.domain.steps import ORDER
from weighbridge.domain.verdict.graders import Match
from weighbridge.services.packet_io.verify import verify_packet
from weighbridge.services.runs import run_v1
from weighbridge.services.runs.migrations import PRESENT
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Session

V1 = Path(__file__).parents[1] / "data" / "runs" / "v1"
"""A run that version 1 wrote, with the real engine: proof, eval and decision, and no packet."""
Data = dict[str, Any]
Put = Callable[[Callable[[Data], None]], str]


@pytest.fixture
def put(store: RunStore) -> Put:
    """Puts the run of version 1 among the runs, changed before; returns its id."""

    def putting(change: Callable[[Data], None]) -> str:
        data = json.loads((V1 / "run.json").read_bytes())
        change(data)
        folder = store.runs / data["id"]
        folder.mkdir(parents=True)
        (folder / "run.json").write_text(json.dumps(data))
        shutil.copy(V1 / "events.jsonl", folder)
        return str(data["id"])

    return putting


def as_it_was(data: Data) -> None:
    """No change."""


def stands(run: Run) -> dict[str, str]:
    return {step: status(run, step) for step in ORDER}


def test_the_version_that_is_written_is_the_one_that_is_read_without_a_step() -> None:
    assert Run.model_fields["schema_version"].default == PRESENT


@pytest.mark.parametrize("change", [as_it_was, lambda data: data.pop("schema_version")], ids=["v1", "unversioned"])
def test_a_run_of_version_1_stays_done_in_the_words_of_this_version(
    put: Put, store: RunStore, change: Callable[[Data], None]
) -> None:
    run = store.load(put(change))
    assert stands(run) == {step: "todo" if step == "packet" else "done" for step in ORDER}
    assert run.schema_version == PRESENT and run.pack and run.policy and run.evaluation
    assert {case.id for case in run.pack.case if isinstance(case.grader, Match)} >= {"gate-01", "memory-01"}
    assert run.evaluation.pack == run.pack
    assert run.policy.cases_digest == run.evaluation.policy.cases_digest == run.pack.digest


async def test_the_earlier_file_is_kept_once_beside_the_new_one(
    put: Put, store: RunStore, reopen: Callable[[str], Session]
) -> None:
    run_id = put(as_it_was)
    folder = store.runs / run_id
    before = (folder / "run.json").read_bytes()
    opened = reopen(run_id)
    assert (folder / "run.json").read_bytes() == before, "reading rewrites nothing"
    opened.apply(want.Rename(name="the first"))
    opened.apply(want.Rename(name="the very first"))
    await opened.close()
    assert (folder / "run.v1.json").read_bytes() == before
    assert json.loads((folder / "run.json").read_bytes())["schema_version"] == PRESENT
    again = reopen(run_id)
    assert again.run.name == "the very first" and stands(again.run)["decision"] == "done"
    assert len(again.events()) == len((V1 / "events.jsonl").read_bytes().splitlines())
    again.apply(want.Rename(name=""))
    await again.close()
    assert (folder / "run.v1.json").read_bytes() == before


async def test_the_packet_of_an_earlier_run_holds(
    put: Put, store: RunStore, reopen: Callable[[str], Session], tmp_path: Path
) -> None:
    opened = reopen(put(as_it_was))
    await opened.write_packet(tmp_path / "packet")
    await opened.close()
    assert [check.detail for check in verify_packet(tmp_path / "packet").checks if not check.ok] == []
    assert status(store.load(opened.run.id), "packet") == "done"


def test_an_eval_that_would_be_marked_otherwise_is_stale(put: Put, store: RunStore) -> None:
    def other_mark(data: Data) -> None:
        result = next(r for r in data["evaluation"]["results"] if r["case"] == "gate-01")
        result["passed"] = not result["passed"]

    found = stands(store.load(put(other_mark)))
    assert (found["proof"], found["eval"], found["decision"]) == ("done", "stale", "stale")


def test_what_was_stale_stays_stale(put: Put, store: RunStore) -> None:
    found = stands(store.load(put(lambda data: data["settings"].update(n_ctx=1024))))
    assert (found["card"], found["runtime"], found["proof"], found["eval"]) == ("done", "stale", "stale", "stale")


def test_a_saved_packet_and_typed_facts_stay_done(put: Put, store: RunStore) -> None:
    def saved(data: Data) -> None:
        data["typed_facts"] = {data["model"]["sha256"]: {"licence": "apache-2.0"}}
        for step, value in run_v1._inputs(data).items():
            data["confirmed"][step] = digest(value)
        inputs = digest(run_v1._inputs(data)["packet"])
        at = data["updated_at"]
        data["packet"] = {"path": "packet", "seal": "0" * 64, "at": at, "inputs": inputs}
        data["packet"] |= {"complete": True, "planned": False}

    found = stands(store.load(put(saved)))
    assert set(found.values()) == {"done"}


def test_a_newer_run_is_named_refused_and_left_as_it_is(put: Put, store: RunStore) -> None:
    run_id = put(lambda data: data.update(schema_version=PRESENT + 1, invented_later=True))
    before = (store.runs / run_id / "run.json").read_bytes()
    with pytest.raises(OutsideFailed, match=rf"made by a newer weighbridge.* {PRESENT + 1}") as said:
        store.load(run_id)
    assert "newer weighbridge" in said.value.hint
    (entry,) = store.list()
    assert entry.run is None and "newer weighbridge" in entry.problem
    assert (store.runs / run_id / "run.json").read_bytes() == before
    store.delete(run_id)
    assert store.list() == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data["pack"].pop("case"),
        lambda data: data["pack"].update(case=[1]),
        lambda data: data.update(evaluation=[]),
        lambda data: data.update(schema_version="1"),
        lambda data: data.update(schema_version=0),
        lambda data: data.update(invented=True),
    ],
)
def test_a_damaged_run_of_version_1_is_said_to_be_damaged(
    put: Put, store: RunStore, damage: Callable[[Data], None]
) -> None:
    with pytest.raises(OutsideFailed, match="is damaged"):
        store.load(put(damage))
