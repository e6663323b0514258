"""Answers: what is wrong is said in one sentence, and changes nothing."""

from __future__ import annotations

import pytest

from weighbridge.domain import flow
from weighbridge.domain import intents as want
from weighbridge.domain.problems import BadInput, Refused
from weighbridge.session import Session


@pytest.mark.parametrize(
    "intent",
    [
        want.Answer(field="colour", value="red"),
        want.Answer(field="privacy", value="secret"),
        want.ChangeSetting(field="n_ctx", value="many"),
        want.ChangeSetting(field="n_threads", value="0"),
        want.ChangeSetting(field="speed", value="1"),
        want.ChangePrompt(value="  "),
        want.ChangePlan(field="owner", value="x"),
        want.ChangeThreshold(min_pass="99"),
        want.TypeFact(field="licence", value="mit"),
        want.AcceptMemoryRisk(reason="I know"),
        want.Confirm(step="model"),
        want.Confirm(step="proof"),
    ],
)
def test_bad_answers_are_refused_and_change_nothing(session: Session, intent: want.Intent) -> None:
    before = session.run
    with pytest.raises(BadInput):
        session.apply(intent)
    assert session.run == before


def test_a_micro_batch_that_was_asked_for_fits_into_the_batch(session: Session) -> None:
    lowered = session.apply(want.ChangeSetting(field="n_batch", value="64")).settings
    assert (lowered.n_ubatch, lowered.ubatch) == (512, 64), "the default follows the batch"
    for typed in ("512", "65"):
        with pytest.raises(BadInput, match=r"more than the batch \(n_batch\) of 64") as caught:
            session.apply(want.ChangeSetting(field="n_ubatch", value=typed))
        assert "at most 64" in caught.value.hint
    session.apply(want.ChangeSetting(field="n_ubatch", value="64"))
    with pytest.raises(BadInput, match=r"64 tokens is more than the batch \(n_batch\) of 32"):
        session.apply(want.ChangeSetting(field="n_batch", value="32"))
    assert session.apply(want.ChangeSetting(field="n_batch", value="128")).settings.ubatch == 64


async def test_a_typed_fact_is_marked_so_and_can_be_taken_back(session: Session) -> None:
    await session.choose_model("bundled")
    declared = session.run.card
    assert declared is not None and declared.safety.status == "missing"
    run = session.apply(want.TypeFact(field="safety", value="may invent facts\x1b[2J"))
    assert run.card is not None
    assert (run.card.safety.status, run.card.safety.value) == ("typed", "may invent facts␛[2J")
    assert session.apply(want.TypeFact(field="safety", value="")).card == declared


async def test_a_model_that_will_not_fit_is_refused_with_figures_and_can_be_overruled(session: Session) -> None:
    await session.choose_model("bundled")
    session.apply(want.ChangeSetting(field="n_ctx", value="16,777,216"))
    with pytest.raises(Refused, match=r"needs about [\d,]+ MiB .* [\d,]+ MiB are available"):
        await anext(session.prove())
    run = session.apply(want.AcceptMemoryRisk(reason="swap is large"))
    assert flow.missing(run, "runtime") is None
    assert run.overrides[0].reason == "swap is large" and "needs about" in run.overrides[0].refusal
    run = session.apply(want.ChangeSetting(field="n_ctx", value="8000000"))
    assert flow.missing(run, "runtime"), "an override counts for the figures it was given for"


async def test_a_choice_against_the_figures_needs_a_reason(session: Session) -> None:
    await session.choose_model("bundled")
    _ = [e async for e in session.prove()]
    _ = [e async for e in session.evaluate()]
    session.apply(want.Decide(choice="stop"))
    with pytest.raises(BadInput, match="Say why"):
        session.apply(want.Confirm(step="decision"))
    run = session.apply(want.Decide(choice="stop", reason="the task went away"))
    run = session.apply(want.Confirm(step="decision"))
    assert run.verdict is not None
    assert (run.verdict.choice, run.verdict.reason) == ("stop", "the task went away")


async def test_watchers_see_each_new_run(session: Session) -> None:
    seen = []
    session.watchers.append(lambda run: seen.append(run.constraints.privacy))
    session.apply(want.Answer(field="privacy", value="internal"))
    assert seen == ["internal"]
