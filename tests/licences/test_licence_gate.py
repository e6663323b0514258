"""The gate: commercial use against a licence that does not cover it, in a run and its session."""

from __future__ import annotations

import pytest

from weighbridge.domain import flow
from weighbridge.domain import intents as want
from weighbridge.domain.facts import Claim, Fact, conflicting, declared, missing
from weighbridge.domain.model.choice import ModelChoice
from weighbridge.domain.plan import Plan
from weighbridge.domain.problems import BadInput
from weighbridge.domain.run import Run
from weighbridge.domain.steps import ORDER
from weighbridge.domain.toml_lines import load_toml
from weighbridge.services.tables import load_licences
from weighbridge.session import Session
from weighbridge.session.answers import with_licence

COMMERCIAL = want.Answer(field="commercial_use", value=True)
QWEN = "Qwen/Qwen2.5-3B-Instruct-GGUF"
SHA = "0123456789abcdef0123456789abcdef01234567"


def of_the_hub(run: Run, licence: Fact, **changes: str) -> Run:
    """The run with a file of the Hub whose card says this of the licence."""
    assert run.declared is not None
    model = ModelChoice(kind="hub", name=QWEN, repo=QWEN, revision=SHA, file_name="q4.gguf", sha256="ab" * 32)
    facts = run.declared.model_copy(update={"licence": licence})
    found = run.model_copy(update={"model": model.model_copy(update=changes), "declared": facts})
    return with_licence(found, load_licences())


@pytest.fixture
async def chosen(session: Session) -> Session:
    """A session with a model, and commercial use stated."""
    await session.choose_model("bundled")
    session.apply(COMMERCIAL)
    return session


RESEARCH = declared("other (qwen-research, LICENSE)", "model card, key license_name")


async def test_a_permissive_licence_lets_a_commercial_use_through(chosen: Session) -> None:
    run = of_the_hub(chosen.run, declared("apache-2.0", "model card, key license"))
    assert run.licence is not None and run.licence.id == "apache-2.0"
    assert flow.licence_refusal(run) == "" and flow.missing(run, "card") is None
    for mild in ("gpl-3.0", "llama3.2"):
        assert flow.missing(of_the_hub(chosen.run, declared(mild, "card")), "card") is None


async def test_a_non_commercial_licence_is_refused_with_what_it_is_and_where_from(chosen: Session) -> None:
    refusal = flow.missing(of_the_hub(chosen.run, RESEARCH), "card")
    assert refusal == (
        "Commercial use is stated, but the licence of Qwen/Qwen2.5-3B-Instruct-GGUF (q4.gguf, 0123456789ab) is "
        "other (qwen-research, LICENSE): commercial use is not allowed (source: model card, key license_name)."
    )


@pytest.mark.parametrize(
    ("fact", "said"),
    [
        (missing("the card names none"), "no licence of Qwen"),
        (declared("acme", "card"), r"is acme: no permission is known \(source: card\)"),
        (declared("other", "card"), "no permission is known"),
        (
            conflicting((Claim(value="mit", source="card"), Claim(value="cc-by-nc-4.0", source="GGUF key"))),
            r"mit \(card\), cc-by-nc-4.0 \(GGUF key\), and the strictest counts: commercial use is not allowed",
        ),
    ],
)
async def test_unknown_and_disputed_licences_are_refused_too(chosen: Session, fact: Fact, said: str) -> None:
    run = of_the_hub(chosen.run, fact)
    chosen.keep(run)
    with pytest.raises(BadInput, match=said):
        chosen.apply(want.Confirm(step="card"))


async def test_without_commercial_use_nothing_is_refused_and_the_note_is_there(chosen: Session) -> None:
    run = of_the_hub(chosen.apply(want.Answer(field="commercial_use", value=False)), RESEARCH)
    assert flow.missing(run, "card") is None
    assert run.licence is not None and run.licence.licence_class == "non-commercial"


async def test_a_planned_run_is_refused_alike(chosen: Session) -> None:
    chosen.apply(want.Answer(field="available_route", value="rented_gpu"))
    run = of_the_hub(chosen.run, RESEARCH)
    assert run.planned and flow.missing(run, "card")


async def test_a_refusal_can_be_overruled_on_record_for_this_licence_alone(chosen: Session) -> None:
    chosen.keep(of_the_hub(chosen.run, RESEARCH))
    run = chosen.apply(want.AcceptLicenceRisk(reason="we have a contract"))
    assert flow.missing(run, "card") is None
    given = flow.licence_override(run)
    assert given is not None and given.reason == "we have a contract" and "qwen-research" in given.refusal
    chosen.apply(want.Confirm(step="card"))
    for other in (
        of_the_hub(run, declared("cc-by-nc-4.0", "card")),
        of_the_hub(run, RESEARCH, revision="f" * 40),
        of_the_hub(run, RESEARCH, file_name="q8.gguf"),
        of_the_hub(run, RESEARCH, name="other/model"),
    ):
        assert flow.missing(other, "card") and flow.licence_override(other) is None


async def test_there_is_nothing_to_overrule_where_nothing_is_refused(session: Session) -> None:
    await session.choose_model("bundled")
    with pytest.raises(BadInput, match="no licence refusal"):
        session.apply(want.AcceptLicenceRisk(reason="just in case"))


async def test_what_the_person_types_counts_and_is_taken_back(chosen: Session) -> None:
    chosen.keep(of_the_hub(chosen.run, RESEARCH))
    run = chosen.apply(want.TypeFact(field="licence", value="Apache 2.0"))
    assert run.licence is not None and run.licence.id == "apache-2.0"
    assert flow.missing(run, "card") is None
    run = chosen.apply(want.TypeFact(field="licence", value="not apache-2.0"))
    assert "is not apache-2.0: no permission is known (source: typed by the person)" in (
        flow.missing(run, "card") or ""
    )
    run = chosen.apply(want.TypeFact(field="licence", value=""))
    assert run.licence is not None and run.licence.id == "qwen-research"


async def test_without_a_model_there_is_no_licence_to_ask_for(session: Session) -> None:
    run = session.apply(COMMERCIAL)
    assert flow.licence_refusal(run) == "" and with_licence(run, load_licences()).licence is None


async def test_only_questions_and_card_become_stale_with_commercial_use(session: Session) -> None:
    await session.choose_model("bundled")
    before = {step: flow.inputs_digest(session.run, step) for step in ORDER}
    after = session.apply(COMMERCIAL)
    changed = [step for step in ORDER if flow.inputs_digest(after, step) != before[step]]
    assert changed == ["constraints", "card", "packet"]


async def test_the_card_becomes_stale_with_the_note_on_its_licence(session: Session) -> None:
    await session.choose_model("bundled")
    run = with_licence(session.run, load_licences())
    assert run.licence is not None
    other = run.model_copy(update={"licence": run.licence.model_copy(update={"licence_class": "unknown"})})
    changed = [step for step in ORDER if flow.inputs_digest(other, step) != flow.inputs_digest(run, step)]
    assert changed == ["card", "packet"]


async def test_a_file_of_the_hub_must_be_here_before_it_can_run(chosen: Session) -> None:
    run = of_the_hub(chosen.run, RESEARCH)
    assert flow.missing(run, "runtime") == "Download the model with ctrl+d first."
    assert flow.missing(of_the_hub(run, RESEARCH, path="/models/q4.gguf"), "runtime") is None
    chosen.apply(want.Answer(field="available_route", value="free_colab"))
    assert flow.missing(of_the_hub(chosen.run, RESEARCH), "runtime") is None


async def test_memory_is_refused_before_a_download_is_asked_for(chosen: Session) -> None:
    run = of_the_hub(chosen.run, RESEARCH)
    assert run.forecast is not None
    large = run.forecast.model_copy(update={"verdict": "does_not_fit"})
    run = run.model_copy(update={"forecast": large})
    assert "are available" in (flow.missing(run, "runtime") or "")
    assert flow.missing_memory(run) == flow.missing(run, "runtime")


def test_a_plan_states_the_use_the_licence_and_the_reason_to_overrule() -> None:
    text = '[constraints]\ncommercial_use = true\n[card]\nlicence = "mrl"\naccept_licence_risk = "by contract"\n'
    plan = load_toml(text + '[runtime]\nkv_type = "q8_0"\n', "plan.toml", Plan)
    assert plan.constraints.commercial_use and plan.card.facts == {"licence": "mrl"}
    assert plan.card.accept_licence_risk == "by contract" and plan.runtime.settings == {"kv_type": "q8_0"}
    with pytest.raises(BadInput, match=r"line 2: constraints\.commercial_use"):
        load_toml('[constraints]\ncommercial_use = "yes"\n', "plan.toml", Plan)
