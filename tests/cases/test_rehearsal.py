"""One case tried: answer, mark and figures, and not a trace of it in the run."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest
from fakes import Script

from weighbridge.domain import intents as want
from weighbridge.domain.problems import BadInput, Refused
from weighbridge.domain.verdict.cases import Case, CasePack
from weighbridge.session import Session
from weighbridge.session.jobs.rehearsal import Rehearsal


async def try_case(session: Session, case: Case) -> Rehearsal:
    """A case tried to its end."""
    tried = Rehearsal(session, case)
    async with aclosing(tried.events()) as events:
        async for _ in events:
            pass
    return tried


@pytest.fixture
async def ready(session: Session, small: CasePack) -> Session:
    await session.choose_model("bundled")
    session.apply(want.UsePack(pack=small))
    await session.weigh()
    return session


def left(home: Path) -> list[Path]:
    """What the tries left in the scratch folder."""
    return [path for path in (home / "scratch").rglob("*") if path.is_file()]


async def test_a_try_gives_answer_mark_and_figures(ready: Session, script: Script, small: CasePack, home: Path) -> None:
    script.answer = lambda request: "yes indeed" if request.case else "hello"
    before, live = ready.run, ready.live
    tried = await try_case(ready, small.case[0])
    result = tried.result
    assert tried.outcome == "completed" and result is not None
    assert (result.output, result.passed, result.output_tokens) == ("yes indeed", True, 2)
    assert result.ttft_s is not None and result.peak_rss_bytes is not None
    weighed = {"forecast": None, "updated_at": ""}
    assert ready.run.model_copy(update=weighed) == before.model_copy(update=weighed)
    assert ready.events() == () and left(home) == [] and not list(ready.folder.glob("logs/*"))
    assert ready.live == live
    script.answer = lambda request: "no"
    failed = (await try_case(ready, small.case[0])).result
    assert failed is not None and not failed.passed and "does not contain" in failed.reason


async def test_a_disabled_case_can_be_tried_and_repeats_do_not_count(ready: Session, small: CasePack) -> None:
    ready.apply(want.ChangeSetting(field="repeats", value="3"))
    case = small.case[0].model_copy(update={"disabled": True})
    result = (await try_case(ready, case)).result
    assert result is not None and result.repeats == 1


async def test_stop_ends_a_try_and_its_child(ready: Session, script: Script, small: CasePack, home: Path) -> None:
    script.pause_before_token = asyncio.Event()
    tried = Rehearsal(ready, small.case[0])
    async with aclosing(tried.events()) as events:
        async for event in events:
            if event.event == "prefilled" and event.request != "warm-up":
                with pytest.raises(Refused, match="The try of case-1 is running already"):
                    await try_case(ready, small.case[1])
                await ready.stop()
    assert tried.outcome == "stopped" and tried.result is None
    assert script.alive == 0 and ready.job is None and left(home) == []


async def test_a_try_that_is_dropped_leaves_no_child(ready: Session, script: Script, small: CasePack) -> None:
    async with aclosing(Rehearsal(ready, small.case[0]).events()) as events:
        async for event in events:
            if event.event == "loaded":
                break
    assert script.alive == 0 and ready.job is None


async def test_a_model_that_the_engine_refuses_says_so(ready: Session, script: Script, small: CasePack) -> None:
    script.refuse_load = "The engine does not know this model."
    tried = await try_case(ready, small.case[0])
    assert (tried.outcome, tried.result, tried.message) == ("failed", None, "The engine does not know this model.")


async def test_nothing_is_tried_without_a_model(session: Session, small: CasePack) -> None:
    with pytest.raises(BadInput, match="Choose a model"):
        await try_case(session, small.case[0])
    assert session.job is None
