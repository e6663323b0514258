"""Intents that only change answers: pure functions from a run to a run."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from weighbridge.domain import intents as want
from weighbridge.domain.flow import advised, inputs_digest, licence_refusal, memory_refusal, recommended
from weighbridge.domain.flow import missing as what_is_missing
from weighbridge.domain.model.card import CardFacts
from weighbridge.domain.model.licences import LicenceTable, classify
from weighbridge.domain.problems import BadInput
from weighbridge.domain.proof.settings import RuntimeSettings
from weighbridge.domain.route.constraints import ConstraintCard
from weighbridge.domain.run import Override, PlanDetails, Run
from weighbridge.domain.serving.plan import ServePlan
from weighbridge.domain.text import clean, clean_line
from weighbridge.domain.toml_words import sentence
from weighbridge.domain.verdict.cases import Policy
from weighbridge.domain.verdict.decision import Verdict
from weighbridge.session.verdict import tries

AUTO = "auto"
MEASURED = ("n_threads", "n_threads_batch")
"""Settings that the program measures where the person types nothing, or `auto`."""


def _plain(error: ValidationError) -> str:
    """The first mistake in plain words."""
    return clean_line(sentence(error.errors(include_url=False)[0]))


def rename(run: Run, intent: want.Rename) -> Run:
    """The person's own name for the run; the empty one takes it back."""
    most = 80
    name = clean_line(intent.name, 2 * most)
    if len(name) > most:
        raise BadInput(f"A name has at most {most} characters, and this one has {len(intent.name)}.")
    return run.model_copy(update={"name": name})


def answer(run: Run, intent: want.Answer) -> Run:
    """A constraint question is answered."""
    if intent.field not in ConstraintCard.model_fields:
        raise BadInput(f"There is no constraint {intent.field!r}.")
    value = clean_line(intent.value, 500) if isinstance(intent.value, str) else intent.value
    try:
        card = ConstraintCard.model_validate({**run.constraints.model_dump(), intent.field: value})
    except ValidationError as error:
        raise BadInput(f"{intent.field}: {_plain(error)}.") from None
    return run.model_copy(update={"constraints": card})


def type_fact(run: Run, intent: want.TypeFact, licences: LicenceTable) -> Run:
    """A card fact is typed; the empty text takes it back, and what the file declares stands again.

    The note on the licence follows it.
    """
    if run.declared is None:
        raise BadInput("There is no card yet: choose a model first.")
    if intent.field not in CardFacts.model_fields:
        raise BadInput(f"A card has no field {intent.field!r}.")
    own = dict(run.typed_facts.get(run.model_key, {}))
    text = clean_line(intent.value, 2000)
    if text:
        own[intent.field] = text
    else:
        own.pop(intent.field, None)
    return with_licence(run.model_copy(update={"typed_facts": {**run.typed_facts, run.model_key: own}}), licences)


def with_licence(run: Run, licences: LicenceTable) -> Run:
    """The run with the note on what its card says of the licence at present; without a model there is none.

    To be called whenever the model, its card or a typed fact has changed.
    """
    note = classify(run.card.licence, licences) if run.card else None
    return run.model_copy(update={"licence": note})


def change_setting(run: Run, intent: want.ChangeSetting) -> Run:
    """A runtime setting is typed."""
    field = RuntimeSettings.model_fields.get(intent.field)
    if field is None:
        raise BadInput(f"There is no setting {intent.field!r}.")
    typed = intent.value.replace(",", "").strip()
    value = None if intent.field in MEASURED and typed.lower() in ("", AUTO) else typed
    try:
        settings = RuntimeSettings.model_validate({**run.settings.model_dump(), intent.field: value})
    except ValidationError as error:
        raise BadInput(f"{intent.field} ({field.description}): {_plain(error)}.") from None
    _require_micro_batch(intent.field, settings)
    threads = max(settings.n_threads or 0, settings.n_threads_batch or 0)
    cores = run.machine.logical_cores
    here = run.target is None or run.target.origin == "started"
    if here and intent.field in MEASURED and cores is not None and threads > cores:
        raise BadInput(
            f"{intent.field} ({field.description}): {threads} threads, and this machine has {cores} cores.",
            f"Type at most {cores}, or auto to have it measured.",
        )
    return run.model_copy(update={"settings": settings})


def _require_micro_batch(field: str, settings: RuntimeSettings) -> None:
    """BadInput where a micro-batch was asked for that is larger than the batch; the default one follows the batch."""
    default = RuntimeSettings.model_fields["n_ubatch"].default
    asked = field == "n_ubatch" or (field == "n_batch" and settings.n_ubatch != default)
    if asked and settings.ubatch_refusal:
        raise BadInput(
            f"{field} ({RuntimeSettings.model_fields[field].description}): {settings.ubatch_refusal}.",
            f"Take an n_ubatch of at most {settings.n_batch:,}, or raise n_batch first.",
        )


def change_prompt(run: Run, intent: want.ChangePrompt) -> Run:
    text = clean(intent.value, 20_000).strip()
    if not text:
        raise BadInput("The prompt of the proof is empty.", "Type what the model is asked first.")
    return run.model_copy(update={"prompt": text})


def change_plan(run: Run, intent: want.ChangePlan | want.ChangeServe) -> Run:
    """What is typed for a route that runs elsewhere."""
    if isinstance(intent, want.ChangeServe):
        return _change_serve(run, intent)
    if intent.field not in PlanDetails.model_fields:
        raise BadInput(f"A plan has no field {intent.field!r}.")
    plan = run.plan.model_copy(update={intent.field: clean_line(intent.value, 1000)})
    return run.model_copy(update={"plan": plan})


def _change_serve(run: Run, intent: want.ChangeServe) -> Run:
    """How the model is to be served elsewhere; the empty text takes a field back."""
    field = ServePlan.model_fields.get(intent.field)
    if field is None:
        raise BadInput(f"There is no setting {intent.field!r} of a server.")
    text = clean_line(intent.value, 300).strip()
    own = {name: value for name, value in run.serve.model_dump().items() if name != intent.field}
    if text:
        own[intent.field] = text.replace(",", "") if intent.field in ("max_model_len", "cap_usd") else text
    try:
        serve = ServePlan.model_validate(own)
    except ValidationError as error:
        raise BadInput(f"{intent.field} ({field.description}): {_plain(error)}.") from None
    return run.model_copy(update={"serve": serve})


def accept_memory_risk(run: Run, intent: want.AcceptMemoryRisk, now: str) -> Run:
    """The person overrules the memory refusal; refusal, reason and time are kept."""
    if run.forecast is None or run.forecast.verdict != "does_not_fit":
        raise BadInput("There is no memory refusal to overrule.")
    reason = clean_line(intent.reason, 500) or "accepted without a reason"
    entry = Override(what="memory", refusal=memory_refusal(run), reason=reason, at=now)
    return run.model_copy(update={"overrides": (*run.overrides, entry)})


def accept_licence_risk(run: Run, intent: want.AcceptLicenceRisk, now: str) -> Run:
    """The person overrules the licence refusal; refusal, reason and time are kept."""
    refusal = licence_refusal(run)
    if not refusal:
        raise BadInput("There is no licence refusal to overrule.")
    reason = clean_line(intent.reason, 500) or "accepted without a reason"
    entry = Override(what="licence", refusal=refusal, reason=reason, at=now)
    return run.model_copy(update={"overrides": (*run.overrides, entry)})


def use_pack(run: Run, intent: want.UsePack) -> Run:
    return run.model_copy(update={"pack": intent.pack, "policy": intent.pack.default_policy()})


def change_threshold(run: Run, intent: want.ChangeThreshold) -> Run:
    """How many cases must pass: part of the policy, so a finished eval becomes stale."""
    if run.policy is None:
        raise BadInput("There are no cases yet.")
    try:
        policy = Policy.model_validate({**run.policy.model_dump(), "min_pass": intent.min_pass.strip()})
    except ValidationError as error:
        raise BadInput(f"Threshold: {_plain(error)}.") from None
    return run.model_copy(update={"policy": policy})


def change_time_limit(run: Run, intent: want.ChangeTimeLimit) -> Run:
    """How long a case may take that has no limit of its own: part of the policy. Empty: as long as it takes."""
    if run.policy is None:
        raise BadInput("There are no cases yet.")
    typed = intent.seconds.strip().lower().removesuffix("s").strip()
    value = typed if typed not in ("", "none", "no") else None
    try:
        policy = Policy.model_validate({**run.policy.model_dump(), "time_limit_s": value})
    except ValidationError as error:
        raise BadInput(f"Time limit of a case, seconds: {_plain(error)}.") from None
    return run.model_copy(update={"policy": policy})


def confirm(run: Run, intent: want.Confirm, now: str) -> Run:
    """Next. BadInput with what is missing, if something is."""
    lack = what_is_missing(run, intent.step)
    if lack:
        raise BadInput(lack)
    update: dict[str, Any] = {}
    if intent.step == "eval":
        run = tries.settled(run)
    if intent.step == "decision":
        update["verdict"] = _verdict(run, now)
        run = run.model_copy(update=update)
    return run.model_copy(update={"confirmed": {**run.confirmed, intent.step: inputs_digest(run, intent.step)}})


def _verdict(run: Run, now: str) -> Verdict | None:
    found = advised(run)
    chosen = run.choice or found.choice
    if chosen is None:
        return None
    return Verdict(
        choice=chosen,
        reason=run.reason or recommended(run)[1],
        recommended=found.choice,
        recommended_why=found.why,
        options=found.options,
        at=now,
    )
