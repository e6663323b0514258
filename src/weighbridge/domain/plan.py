"""PLAN of `weighbridge run`: every answer of the nine steps in one TOML file. What it leaves out keeps its default.

Values are taken strictly: `n_ctx = "2048"` or `seed = true` are mistakes, not numbers.
"""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import ConfigDict, Field, field_validator, model_validator

from weighbridge.domain.base import Record
from weighbridge.domain.load.ramp import checked
from weighbridge.domain.model.card import CardFacts
from weighbridge.domain.problems import BadInput
from weighbridge.domain.proof.settings import RuntimeSettings
from weighbridge.domain.route.constraints import ConstraintCard
from weighbridge.domain.run import PlanDetails
from weighbridge.domain.serving.plan import ServePlan
from weighbridge.domain.verdict.decision import Choice

_STRICT = ConfigDict(strict=True)
AUTO = "auto"
"""Threads that are measured at the start."""


class ConstraintsTable(ConstraintCard):
    """[constraints]: the seven answers."""

    model_config = _STRICT


class ModelTable(Record):
    """[model]: `bundled`, the path of a .gguf file (beside the plan, if relative), org/repo[@revision][:file], or a
    server: https://host/v1#name, ollama:NAME, transformers:FOLDER."""

    model_config = _STRICT

    use: str = Field(default="bundled", min_length=1)


class CardTable(Record):
    """[card]: facts in the person's own words, over what is declared, and the reason to overrule a licence refusal."""

    model_config = _STRICT

    licence: str = ""
    languages: str = ""
    context_length: str = ""
    intended_use: str = ""
    out_of_scope_use: str = ""
    safety: str = ""
    base_model: str = ""
    accept_licence_risk: str = ""

    @property
    def facts(self) -> dict[str, str]:
        """The facts that the file gives, by card field."""
        return {name: text for name in CardFacts.model_fields if (text := getattr(self, name))}


class RuntimeTable(RuntimeSettings):
    """[runtime]: settings of the engine, the prompt of the proof, and the reason to overrule a memory refusal."""

    model_config = _STRICT

    prompt: str = ""
    accept_memory_risk: str = ""

    @field_validator("n_threads", "n_threads_batch", mode="before")
    @classmethod
    def _measured(cls, value: Any) -> Any:
        """TOML has no null: the word `auto` asks for a measurement."""
        return None if value == AUTO else value

    @model_validator(mode="after")
    def _micro_batch(self) -> Self:
        if "n_ubatch" in self.model_fields_set and self.ubatch_refusal:
            raise ValueError(f"{self.ubatch_refusal}: lower n_ubatch or raise n_batch")
        return self

    @property
    def settings(self) -> dict[str, str]:
        """The settings that the file gives, as a person would type them."""
        given = self.model_fields_set & set(RuntimeSettings.model_fields)
        values = {name: getattr(self, name) for name in RuntimeSettings.model_fields if name in given}
        return {name: AUTO if value is None else str(value) for name, value in values.items()}


class EvalTable(Record):
    """[eval]: the cases (a TOML file, beside the plan, if relative; empty: the built-in pack), the threshold, and how
    long a case may take, seconds."""

    model_config = _STRICT

    cases: str = ""
    min_pass: int | None = Field(default=None, ge=1)
    time_limit_s: float | None = Field(default=None, gt=0, le=86_400)


class TriedTable(Record):
    """One of [decision].tried: what was tried against the failed baseline, and a note on what came of it."""

    model_config = _STRICT

    what: Literal["prompt", "rag"]
    note: str = Field(min_length=1, max_length=2_000)


class DecisionTable(Record):
    """[decision]: without a choice the recommendation is followed. `tried` counts where the eval has FAILED."""

    model_config = _STRICT

    choice: Choice | None = None
    reason: str = ""
    tried: tuple[TriedTable, ...] = Field(default=(), strict=False)

    @model_validator(mode="after")
    def _reason_of_something(self) -> Self:
        if self.reason and self.choice is None:
            raise ValueError("a reason needs its choice")
        return self


class PlanTable(PlanDetails):
    """[plan]: what is known of a route that runs somewhere else."""

    model_config = _STRICT


class ServeTable(ServePlan):
    """[serve]: how the model is served where it does not run on this machine."""

    model_config = _STRICT

    @property
    def given(self) -> dict[str, str]:
        """The fields that the file gives, as a person would type them."""
        return {name: str(getattr(self, name)) for name in ServePlan.model_fields if name in self.model_fields_set}


class LoadTable(Record):
    """[load]: a load test after the eval, where a server answers. `concurrency`: requests at once, step by step;
    `requests`: of each step. Without a concurrency there is none."""

    model_config = _STRICT

    concurrency: tuple[int, ...] = Field(default=(), strict=False)
    requests: int | None = Field(default=None, ge=1)

    @field_validator("concurrency")
    @classmethod
    def _climbs(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if value:
            try:
                checked(value)
            except BadInput as wrong:
                raise ValueError(str(wrong)) from None
        return value


class Plan(Record):
    """The whole file."""

    constraints: ConstraintsTable = ConstraintsTable()
    model: ModelTable = ModelTable()
    card: CardTable = CardTable()
    runtime: RuntimeTable = RuntimeTable()
    eval: EvalTable = EvalTable()
    decision: DecisionTable = DecisionTable()
    plan: PlanTable = PlanTable()
    serve: ServeTable = ServeTable()
    load: LoadTable = LoadTable()
