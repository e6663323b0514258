"""A load test of the session: how much it asks at once, when it ends, and what is kept of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace

import pytest
from load.rig import SERVED, ScriptedServer

from weighbridge.domain.load.records import LoadProgress, LoadRecord, LoadStep
from weighbridge.domain.problems import BadInput, OutsideFailed, Refused
from weighbridge.domain.proof.settings import Request
from weighbridge.services.runs.load_lines import read_load
from weighbridge.session import Session
from weighbridge.session.jobs.loading import load

DEADLINE_S = 60.0


async def steps(shown: AsyncGenerator[LoadStep | LoadProgress, None]) -> list[LoadStep]:
    async with aclosing(shown) as all_of_it:
        return [one async for one in all_of_it if isinstance(one, LoadStep)]


def kept(session: Session) -> LoadRecord:
    assert session.run.load is not None
    return session.run.load


async def never(request: Request, under_way: int) -> str:
    """The warm-up is answered, and nothing else."""
    if not request.warmup:
        await asyncio.Event().wait()
    return ""


async def test_so_many_requests_are_under_way_and_each_case_is_asked_equally_often(
    served: Session, server: ScriptedServer
) -> None:
    three = asyncio.Barrier(3)

    async def together(request: Request, under_way: int) -> str:
        if request.id.startswith("c3"):
            await asyncio.wait_for(three.wait(), DEADLINE_S)
        return ""

    server.fails = together
    made = await steps(load(served, (1, 3)))
    assert [step.concurrency for step in made] == [1, 3]
    assert server.most == 3
    pack = served.run.pack
    assert pack is not None and server.asked[0].warmup
    for concurrency in (1, 3):
        cases = [request.case for request in server.asked if request.id.startswith(f"c{concurrency}-")]
        assert sorted(cases) == sorted([case.id for case in pack.active] * 2)
    record = kept(served)
    assert (record.ended, record.steps) == ("through", tuple(made))
    assert record.connected is not None and record.connected.version == "0.32.0"
    assert record.shutdown.startswith("left running")
    assert server.stops and served.job is None


async def test_every_request_is_a_line_and_the_figures_follow_from_them(served: Session) -> None:
    made = await steps(load(served, (1, 2), requests=6))
    lines = list(read_load(served.folder, kept(served).id))
    assert [sum(line.concurrency == n for line in lines) for n in (1, 2)] == [6, 6]
    assert all(line.answered and len(line.t_pieces) == 2 and line.output_tokens == 3 for line in lines)
    assert [step.output_tokens for step in made] == [18, 18]
    assert list(read_load(served.folder, "load-of-somebody-else")) == []


async def test_the_ramp_ends_at_the_first_errors_and_answers_under_way_are_waited_for(
    served: Session, server: ScriptedServer
) -> None:
    failed = asyncio.Event()

    async def third_fails(request: Request, under_way: int) -> str:
        if under_way == 3:
            failed.set()
            return "tiny is full (429)."
        if request.id.startswith("c4"):
            await failed.wait()
        return ""

    server.fails = third_fails
    made = await steps(load(served, (1, 2, 4, 8), requests=8))
    assert [step.concurrency for step in made] == [1, 2, 4]
    assert made[-1].errors >= 1 and made[-1].requests >= 2
    assert made[-1].errors + made[-1].requests < 8
    assert made[-1].error_sentences == ("tiny is full (429).",)
    assert kept(served).ended == "errors"


async def test_a_stop_keeps_what_was_answered_and_gives_up_the_rest(served: Session, server: ScriptedServer) -> None:
    left = iter(range(6))

    async def five(request: Request, under_way: int) -> str:
        return "" if request.warmup or next(left, 5) < 5 else await never(request, under_way)

    server.fails = five
    async with asyncio.timeout(DEADLINE_S), aclosing(load(served, (1, 2), requests=4)) as shown:
        async for one in shown:
            if isinstance(one, LoadProgress) and one.concurrency == 2 and one.done:
                await served.stop()
                assert kept(served).ended == "stopped"
    record = kept(served)
    assert [step.requests for step in record.steps] == [4, 1]
    assert record.steps[-1].errors == 0
    lines = list(read_load(served.folder, record.id))
    assert any(line.given_up and not line.error for line in lines)
    assert served.job is None and server.under_way == 0


async def test_whoever_goes_away_in_the_middle_leaves_nothing_running(served: Session, server: ScriptedServer) -> None:
    server.fails = never
    async with aclosing(load(served, (2,))) as shown:
        async for one in shown:
            if isinstance(one, LoadProgress) and one.in_flight == 2:
                break
    assert server.under_way == 0 and server.stops == 1
    assert (kept(served).ended, kept(served).steps) == ("stopped", ())


async def test_a_run_that_is_opened_again_has_the_steps_that_were_over(
    served: Session, reopen: Callable[[str], Session]
) -> None:
    await steps(load(served, (1,), requests=5))
    await served.close()
    again = reopen(served.run.id)
    try:
        assert again.run.load == served.run.load
    finally:
        await again.close()


async def test_a_time_limit_ends_the_ramp_with_what_was_answered(
    served: Session, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]

    async def a_second(request: Request, under_way: int) -> str:
        now[0] += 1.0
        return ""

    monkeypatch.setattr(served, "deps", replace(served.deps, monotonic=lambda: now[0]))
    server.fails = a_second
    made = await steps(load(served, (1, 2), requests=100, time_limit_s=9.0))
    assert [step.concurrency for step in made] == [1]
    assert made[0].requests == 8 and made[0].errors == 0, "and one second went to the warm-up"
    assert kept(served).ended == "time_limit"


async def test_a_server_that_is_down_fails_it_and_takes_no_earlier_steps_away(
    served: Session, server: ScriptedServer
) -> None:
    server.down = "127.0.0.1:9 does not answer: nothing listens there."
    with pytest.raises(OutsideFailed, match="nothing listens"):
        await steps(load(served))
    assert (kept(served).ended, kept(served).message) == ("failed", server.down)
    server.down = ""
    await steps(load(served, (1,), requests=5))
    earlier = kept(served)
    server.down = "It is down once more."
    with pytest.raises(OutsideFailed):
        await steps(load(served))
    assert kept(served) == earlier


async def test_the_child_on_this_machine_is_refused_with_the_way_out(session: Session) -> None:
    await session.choose_model("bundled")
    with pytest.raises(Refused, match="one request at a time") as caught:
        await steps(load(session))
    assert "ollama:NAME" in caught.value.hint


async def test_nothing_is_asked_where_the_wish_cannot_be(served: Session, server: ScriptedServer) -> None:
    for bad in ((), (2, 1), (0,)):
        with pytest.raises(BadInput):
            await steps(load(served, bad))
    with pytest.raises(BadInput):
        await steps(load(served, (8,), requests=3))
    assert server.asked == [] and served.run.model == SERVED and served.run.load is None


async def test_a_second_one_beside_it_is_refused(served: Session, server: ScriptedServer) -> None:
    server.fails = never
    async with aclosing(load(served, (1,))) as shown:
        await anext(shown)
        with pytest.raises(Refused, match="load test is running"):
            await steps(load(served))
