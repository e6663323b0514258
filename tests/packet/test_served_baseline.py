"""An earlier FAILED eval of a server's model, whose weights nobody saw: where it counts for LoRA, and where not."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from fakes import quiet
from packet.forge import document, problems
from packet.served_run import AT, ID, TICK, Server, facts, given

from weighbridge.domain import intents as want
from weighbridge.domain.flow import allowed
from weighbridge.domain.model.choice import ModelChoice
from weighbridge.domain.proof.events import Attempt, Graded
from weighbridge.domain.run import Run
from weighbridge.domain.verdict.cases import Case, CasePack, PackPolicy
from weighbridge.domain.verdict.decision import Option
from weighbridge.domain.verdict.graders import Includes
from weighbridge.services.packet_io.evidence import PacketSource
from weighbridge.services.packet_io.write import write_packet
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Session, real_deps

pytestmark = pytest.mark.usefixtures("marks_here")
SMALL = {"parameters": "134", "root": "/srv/small"}
PACK = CasePack(
    id="p", policy=PackPolicy(min_pass=5),
    case=tuple(Case(id=f"c{n}", prompt=f"Case {n}.", grader=Includes(kind="includes", target="yes")) for n in range(5)),
)  # fmt: skip


async def _twice(
    home: Path, later: dict[str, str], first: ModelChoice | None = None, then: ModelChoice | None = None
) -> PacketSource:
    """An eval of `first` that FAILED, then with other settings one that holds, of `then` where that is another.

    `later`: what the server tells of its model the second time.
    """
    ticks, server = count(1), Server(answer=lambda _: "no", facts=SMALL)
    deps = replace(real_deps(home), runtime=server.factory, conditions=quiet, monotonic=lambda: TICK * next(ticks))
    session = Session.create(RunStore(home), deps)
    session.keep(session.run.model_copy(update={"model": first or given(), "declared": facts()}))
    session.apply(want.UsePack(pack=PACK))
    _ = [event async for event in session.evaluate()]
    session.apply(want.RecordTry(what="prompt", note="asked for one word"))
    server.answer, server.facts = lambda _: "yes", later
    if then is not None:
        session.keep(session.run.model_copy(update={"model": then}))
    session.apply(want.ChangeSetting(field="max_tokens", value="64"))
    _ = [event async for event in session.prove()]
    _ = [event async for event in session.evaluate()]
    source = PacketSource(session.run, session.events(), {}, AT, ID)
    await session.close()
    return source


async def _stopped_between(home: Path, later: dict[str, str]) -> PacketSource:
    """An eval that was stopped after two cases and goes on, then one with other settings.

    `later`: what the server tells of its model from the stop on.
    """
    ticks, server = count(1), Server(answer=lambda _: "no", facts=SMALL)
    deps = replace(real_deps(home), runtime=server.factory, conditions=quiet, monotonic=lambda: TICK * next(ticks))
    session = Session.create(RunStore(home), deps)
    session.keep(session.run.model_copy(update={"model": given(), "declared": facts()}))
    session.apply(want.UsePack(pack=PACK))
    async with aclosing(session.evaluate()) as events:
        async for event in events:
            if isinstance(event, Graded) and event.case == "c1":
                break
    server.answer, server.facts = lambda _: "well, no", later
    _ = [event async for event in session.evaluate()]
    session.apply(want.ChangeSetting(field="max_tokens", value="64"))
    _ = [event async for event in session.prove()]
    _ = [event async for event in session.evaluate()]
    source = PacketSource(session.run, session.events(), {}, AT, ID)
    await session.close()
    return source


def graded(source: PacketSource, job_id: str) -> list[str]:
    """The cases that one job graded, in order."""
    found, inside = [], False
    for event in source.events:
        if isinstance(event, Attempt):
            inside = event.job_id == job_id
        elif inside and isinstance(event, Graded):
            found.append(event.case)
    return found


def lora(run: Run) -> Option:
    return next(row for row in allowed(run)[0] if row.choice == "LoRA")


def test_it_counts_for_the_same_server_name_and_facts_and_says_what_was_not_seen(tmp_path: Path) -> None:
    source = asyncio.run(_twice(tmp_path / "home", SMALL | {"root": "/srv/moved"}))
    (old,) = source.run.baselines
    assert old.served is not None and old.served.facts == {"parameters": "134"}, "folders are no part of it"
    row = lora(source.run)
    assert row.allowed and "0 of 5 passed" in row.why
    assert "by the same server and name: the weights of a server were not seen" in row.why
    write_packet(tmp_path / "packet", source)
    assert problems(tmp_path / "packet") == []


@pytest.mark.parametrize(
    ("later", "first", "then", "why"),
    [
        ({"parameters": "999"}, None, None, "the server told of another model: parameters 134 before, 999 now"),
        (SMALL, None, given(address="https://new.example.org/v1"), "another server or another name"),
        (SMALL, given(name="/out/one/final"), given(name="/out/two/final"), "another server or another name"),
    ],
)
def test_it_may_not_count_for_another_and_the_reason_says_so(
    tmp_path: Path, later: dict[str, str], first: ModelChoice | None, then: ModelChoice | None, why: str
) -> None:
    source = asyncio.run(_twice(tmp_path / "home", later, first, then))
    row = lora(source.run)
    assert not row.allowed and f"and the one that did may not count ({why})" in row.why
    write_packet(tmp_path / "packet", source)
    assert problems(tmp_path / "packet") == []


def test_the_folder_of_an_earlier_model_is_in_no_file_where_its_events_are_left_out(tmp_path: Path) -> None:
    source = asyncio.run(_twice(tmp_path / "home", SMALL, given(name="/out/one/final"), given(name="/out/two/final")))
    (old,) = source.run.baselines
    later = next(n for n, e in enumerate(source.events) if isinstance(e, Attempt) and e.job_id not in old.job_ids)
    write_packet(tmp_path / "packet", replace(source, events=source.events[later:], left_out=1))
    for path in (tmp_path / "packet").rglob("*"):
        assert not path.is_file() or "/out/" not in path.read_text("utf-8"), path
    assert problems(tmp_path / "packet") == []


@pytest.mark.parametrize(("later", "again"), [(SMALL, False), ({"parameters": "999"}, True)])
def test_cases_of_another_model_behind_the_same_name_are_asked_again(
    tmp_path: Path, later: dict[str, str], again: bool
) -> None:
    source = asyncio.run(_stopped_between(tmp_path / "home", later))
    (old,) = source.run.baselines
    assert old.served is not None and old.served.facts == {"parameters": later["parameters"]}
    assert [graded(source, job_id) for job_id in old.job_ids] == [
        ["c0", "c1"],
        ["c0", "c1", "c2", "c3", "c4"] if again else ["c2", "c3", "c4"],
    ]
    write_packet(tmp_path / "packet", source)
    assert problems(tmp_path / "packet") == []


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"facts": {"parameters": "1"}}, "served.facts are not what its server told last"),
        ({"address": "https://new.example.org/v1"}, "its events are of another server"),
    ],
)
def test_a_baseline_of_another_server_than_its_events_is_found(
    tmp_path: Path, changes: dict[str, object], found: str
) -> None:
    write_packet(tmp_path / "packet", asyncio.run(_twice(tmp_path / "home", SMALL)))

    def forge(record: dict[str, list[dict[str, dict[str, object]]]]) -> None:
        record["baselines"][0]["served"] |= changes

    document(tmp_path / "packet", "decision.json", forge)
    assert any(found in one for one in problems(tmp_path / "packet"))
