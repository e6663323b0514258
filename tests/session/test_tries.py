"""What was tried against a failed baseline, what came of it, and what it unlocks."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fakes import Script

from weighbridge.domain import intents as want
from weighbridge.domain.deciding import cost_so_far
from weighbridge.domain.flow import allowed
from weighbridge.domain.problems import BadInput
from weighbridge.domain.run import Run
from weighbridge.domain.verdict.cases import Case, CasePack, PackPolicy
from weighbridge.domain.verdict.decision import Option
from weighbridge.domain.verdict.graders import Includes
from weighbridge.session import Session


def pack(prompt: str = "Say yes, case {}.", ids: str = "c") -> CasePack:
    """Five cases; all of them have to pass."""
    cases = tuple(
        Case(id=f"{ids}{n}", prompt=prompt.format(n), grader=Includes(kind="includes", target="yes")) for n in range(5)
    )
    return CasePack(id="p", policy=PackPolicy(min_pass=5), case=cases)


def lora(run: Run) -> Option:
    return next(row for row in allowed(run)[0] if row.choice == "LoRA")


async def weighed(session: Session, script: Script, right: str = "", cases: CasePack | None = None) -> Run:
    """An eval in which the cases of these numbers pass."""
    script.answer = lambda request: "yes" if request.id[-1] in right else "no"
    session.apply(want.UsePack(pack=cases or pack()))
    if session.run.model is None:
        await session.choose_model("bundled")
    _ = [event async for event in session.evaluate()]
    return session.apply(want.Confirm(step="eval")) if session.run.proof else session.run


async def test_a_try_needs_a_failed_baseline(session: Session, script: Script) -> None:
    with pytest.raises(BadInput, match="no failed baseline") as caught:
        session.apply(want.RecordTry(what="prompt", note="shorter"))
    assert caught.value.hint and session.run.tried == ()
    await weighed(session, script, "01234")
    with pytest.raises(BadInput, match="no failed baseline"):
        session.apply(want.RecordTry(what="rag", note="the handbook"))


async def test_lora_is_locked_until_a_try_is_on_record_and_again_when_it_is_taken_back(
    session: Session, script: Script, reopen: Callable[[str], Session]
) -> None:
    run = await weighed(session, script, "01")
    assert not lora(run).allowed and "prompt and RAG first" in lora(run).why
    run = session.apply(want.RecordTry(what="prompt", note="asked for one\nword"))
    assert lora(run).allowed and "2 of 5 passed" in lora(run).why
    assert "on your word: the try has no result yet" in lora(run).why
    (one,) = run.tried
    assert run.evaluation is not None and run.pack is not None
    assert (one.cases_digest, one.note, one.result) == (run.pack.digest, "asked for one word", "")
    run = session.apply(want.RecordTry(what="prompt", note=" "))
    assert run.tried == () and not lora(run).allowed
    with pytest.raises(BadInput, match="No RAG is on record"):
        session.apply(want.RecordTry(what="rag", note=""))
    session.apply(want.RecordTry(what="rag", note="the handbook"))
    await session.close()
    assert lora(reopen(session.run.id).run).allowed, "it is saved with the run"


async def test_the_result_of_a_try_is_the_eval_of_the_same_cases_in_other_words(
    session: Session, script: Script
) -> None:
    first = await weighed(session, script, "01")
    assert first.pack is not None
    again = await weighed(session, script, "012", pack("Say yes or no, case {}."))
    assert [old.cases_digest for old in again.baselines] == [first.pack.digest]
    run = session.apply(want.RecordTry(what="prompt", note="named both words"))
    (one,) = run.tried
    assert run.pack is not None and first.pack is not None and one.cases_digest == first.pack.digest
    assert (one.result, one.result_digest) == ("3 of 5 passed (FAILED)", run.pack.digest)
    assert lora(run).allowed, "the try was made on these very cases, and they failed again"
    assert "on your word" not in lora(run).why
    run = session.apply(want.RecordTry(what="rag", note="and the handbook"))
    assert run.tried[1].cases_digest == one.result_digest and run.tried[1].result == "", "it answers the second eval"


async def test_a_try_on_record_gets_its_result_when_the_changed_cases_have_run(
    session: Session, script: Script
) -> None:
    await session.choose_model("bundled")
    _ = [event async for event in session.prove()]
    await weighed(session, script, "01")
    session.apply(want.RecordTry(what="rag", note="the handbook"))
    run = await weighed(session, script, "01234", pack("The handbook says yes. Case {}."))
    assert [one.result for one in run.tried] == ["5 of 5 passed (PASSED)"]
    back = await weighed(session, script, "01")
    assert not lora(back).allowed and "the gate held with RAG" in lora(back).why, "the text was enough"


async def test_other_cases_are_no_result_and_unlock_nothing(session: Session, script: Script) -> None:
    await weighed(session, script, "01")
    session.apply(want.RecordTry(what="prompt", note="shorter"))
    run = await weighed(session, script, "0", pack(ids="d"))
    assert run.tried[0].result == "" and not lora(run).allowed
    assert "nothing else was tried on these cases: what is on record answers an earlier baseline" in lora(run).why
    assert lora(session.apply(want.RecordTry(what="prompt", note="shorter here too"))).allowed


async def test_a_choice_that_is_locked_is_refused_with_reason_and_way_out(session: Session, script: Script) -> None:
    await weighed(session, script, "01")
    session.apply(want.Decide(choice="LoRA", reason="I want to"))
    with pytest.raises(BadInput, match=r"LoRA is not allowed: the baseline FAILED, .* first\. Try another prompt"):
        session.apply(want.Confirm(step="decision"))
    assert session.run.verdict is None
    session.apply(want.RecordTry(what="prompt", note="shorter"))
    verdict = session.apply(want.Confirm(step="decision")).verdict
    assert verdict is not None and (verdict.choice, verdict.reason) == ("LoRA", "I want to")
    assert verdict.recommended == "switch" and "2 of 5 passed" in verdict.recommended_why
    assert [row.allowed for row in verdict.options] == [False, True, False, True, True]
    assert "RAG" in [row.choice for row in verdict.options if not row.allowed and row.way_out]


async def test_the_cost_counts_every_job_and_survives_a_kill(
    session: Session, script: Script, reopen: Callable[[str], Session]
) -> None:
    assert cost_so_far(session.run).text.startswith("nothing has run here; nothing fetched; money is not known")
    await session.choose_model("bundled")
    _ = [event async for event in session.prove()]
    first = cost_so_far(session.run)
    run = await weighed(session, script, "01")
    both = cost_so_far(run)
    assert (first.jobs, both.jobs) == (1, 2) and both.tokens_written > first.tokens_written > 0
    session.apply(want.ChangePlan(field="cost_per_hour", value="36 EUR"))
    assert cost_so_far(session.run).money == pytest.approx(both.wall_s / 100, abs=1e-3)
    run = session.keep(session.run.model_copy(update={"spent": {}}))
    assert "time and tokens of 2 other jobs are not known" in cost_so_far(run).unknown
    await session.close()
    assert cost_so_far(reopen(run.id).run).tokens_written == both.tokens_written, "the events tell it"
