"""Step 7 as it is laid out and started: the highlighted case stays in sight, and a wrong pack stops the start."""

from __future__ import annotations

import pytest
from eval_steps import evaluated, pack, prepared
from steering import Launch, on_step, screen_text, status, wizard_of
from textual.widgets import Input

from weighbridge.domain import flow
from weighbridge.domain import intents as want
from weighbridge.domain.verdict.cases import CasePack
from weighbridge.session import Session
from weighbridge.tui.widgets.case_table import CaseTable
from weighbridge.tui.widgets.rail import Rail


def many(count: int = 13) -> CasePack:
    grader = {"kind": "includes", "target": "answer"}
    rows = [{"id": f"case-{n}", "prompt": f"Say {n}.", "grader": grader} for n in range(count)]
    return CasePack.model_validate({"id": "many", "policy": {"min_pass": 9}, "case": rows})


@pytest.mark.parametrize(("size", "rows"), [((80, 24), 6), ((60, 20), 4), ((120, 40), 13)])
async def test_the_page_opens_at_its_top_and_says_how_many_cases_are_out_of_sight(
    launch: Launch, session: Session, size: tuple[int, int], rows: int
) -> None:
    await evaluated(await prepared(session, many()))
    async with launch(size=size) as pilot:
        wizard_of(pilot).go("eval")
        screen = await on_step(pilot, "eval")
        await pilot.pause()
        table = screen.query_one(CaseTable)
        assert screen.query_one("#body").scroll_y == 0 and table.has_focus
        assert table.size.height - table.header_height == rows
        shown = screen_text(pilot.app)
        assert all(word in shown for word in ("Threshold", "Result", "Gate", "Answer", "Mark")), shown
        assert (f"{13 - rows} more below" in shown) == (rows < 13)
        await pilot.press("ctrl+end")
        await pilot.pause()
        shown = screen_text(pilot.app)
        assert (f"{13 - rows} more above" in shown) == (rows < 13) and "more below" not in shown
        assert screen.query_one("#body").scroll_y == 0


async def test_a_wrong_pack_refuses_the_start_until_it_is_taken_back(launch: Launch, session: Session) -> None:
    await prepared(session)
    async with launch() as pilot:
        wizard_of(pilot).go("eval")
        screen = await on_step(pilot, "eval")
        line = screen.query_one("#cases-file", Input)
        line.focus()
        await pilot.press(*"60", "ctrl+r")
        await pilot.pause()
        assert wizard_of(pilot).jobs.running is None and session.run.evaluation is None
        assert "60 is neither a built-in pack" in status(pilot) and "escape takes it back" in status(pilot)
        await pilot.press("escape")
        assert line.value == "" and "neither" not in status(pilot)


async def test_an_eval_that_is_run_again_is_not_stale(launch: Launch, session: Session) -> None:
    await evaluated(await prepared(session))
    session.apply(want.Confirm(step="eval"))
    session.apply(want.UsePack(pack=pack(prompt="Otherwise.")))
    assert flow.status(session.run, "eval") == "stale"
    async with launch() as pilot:
        wizard_of(pilot).go("eval")
        screen = await on_step(pilot, "eval")
        option = screen.query_one("#rail", Rail).get_option("eval")
        assert "stale" in str(option.prompt)
        await evaluated(session)
        await pilot.pause()
        assert "stale" not in str(screen.query_one("#rail", Rail).get_option("eval").prompt)
        assert flow.status(session.run, "eval") == "todo", "it is not confirmed yet"
