"""What a person can want: the only way to change a run. Both front ends post these to the session."""

from __future__ import annotations

from typing import Literal

from weighbridge.domain.base import Record
from weighbridge.domain.facts import Scalar
from weighbridge.domain.steps import StepId
from weighbridge.domain.verdict.cases import CasePack
from weighbridge.domain.verdict.decision import Choice


class Answer(Record):
    """A constraint question is answered: `field` is one of the seven, `value` as the card wants it."""

    field: str
    value: Scalar


class TypeFact(Record):
    """A card fact in the person's own words; an empty text takes the typing back."""

    field: str
    value: str


class ChangeSetting(Record):
    """A runtime setting, as typed."""

    field: str
    value: str


class ChangePrompt(Record):
    """The prompt of the proof."""

    value: str


class ChangePlan(Record):
    """A field of a planned route, as typed."""

    field: str
    value: str


class ChangeServe(Record):
    """How the model is to be served elsewhere, a field as typed; the empty text takes it back."""

    field: str
    value: str


class AcceptMemoryRisk(Record):
    """The memory refusal is overruled, on record."""

    reason: str


class AcceptLicenceRisk(Record):
    """The licence refusal is overruled, on record."""

    reason: str


class UsePack(Record):
    """Another pack of cases; its default policy comes with it."""

    pack: CasePack


class ChangeThreshold(Record):
    """How many cases must pass."""

    min_pass: str


class ChangeTimeLimit(Record):
    """Seconds that one case may take, as typed; an empty text takes the limit back."""

    seconds: str


class OverruleMark(Record):
    """The mark of a case as the person sees it, with the reason; an empty reason takes it back."""

    case: str
    passed: bool
    reason: str


class RecordTry(Record):
    """A prompt or retrieval was tried against the failed baseline; an empty note takes back the last of its kind."""

    what: Literal["prompt", "rag"]
    note: str


class Rename(Record):
    """The person's own name for the run."""

    name: str


class Decide(Record):
    """A choice and the reason for it."""

    choice: Choice
    reason: str = ""


class Confirm(Record):
    """Next: the step's answers stand as they are."""

    step: StepId


Intent = (
    Answer
    | TypeFact
    | ChangeSetting
    | ChangePrompt
    | ChangePlan
    | ChangeServe
    | AcceptMemoryRisk
    | AcceptLicenceRisk
    | UsePack
    | ChangeThreshold
    | ChangeTimeLimit
    | OverruleMark
    | RecordTry
    | Rename
    | Decide
    | Confirm
)
