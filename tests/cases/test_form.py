"""The form of a case: every built-in case comes back from it, and each mistake is said of its own field."""

from __future__ import annotations

import json

import pytest

from weighbridge.domain.verdict.case_form import CaseForm, case_of_form, form_of
from weighbridge.domain.verdict.cases import Case
from weighbridge.domain.verdict.grader_words import WrongField, kinds
from weighbridge.services.cases.packs import built_in_packs

CASES = [case for pack in built_in_packs().values() for case in pack.case]
FORM = CaseForm(id="a", prompt="A?", expected="a")


def test_what_is_not_touched_stays_to_the_letter() -> None:
    for case in CASES:
        assert case_of_form(form_of(case), case) == case


def test_a_form_alone_says_what_the_case_says() -> None:
    for case in CASES:
        made = case_of_form(form_of(case))
        assert made.conversation == case.conversation and made.full_prompt == case.full_prompt
        assert made.grader.kind == case.grader.kind and made.tags == case.tags


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"id": "A b"}, "id", "small Latin letters"),
        ({"prompt": " "}, "prompt", "write what the model is asked"),
        ({"conversation": True}, "prompt", "JSON list"),
        ({"conversation": True, "prompt": '[{"role": "boss", "content": "x"}]'}, "prompt", "is not one of"),
        ({"expected": ""}, "expected", "needs a target"),
        ({"kind": "match", "expected": ""}, "expected", "needs to know what is expected"),
        ({"kind": "magic"}, "kind", "is no grader"),
        ({"kind": "pattern", "expected": "("}, "expected", "not a regular expression"),
        ({"kind": "json", "expected": "{oops"}, "expected", "JSON, and it is not"),
        ({"kind": "any", "expected": '[{"kind": "includes"}]'}, "expected", "needs a target"),
        ({"kind": "refusal"}, "expected", "leave it empty"),
        ({"options": "loud"}, "options", "is not name=value"),
        ({"options": "loud=true"}, "options", "loud: unknown key; there are: absent, ignore_case, plain"),
        ({"options": "ignore_case=maybe"}, "options", "ignore_case"),
        ({"options": 'absent="'}, "options", "a quote is opened"),
        ({"max_tokens": "many"}, "max_tokens", "is not a whole number"),
        ({"time_limit_s": "0"}, "time_limit_s", "must be more than 0"),
    ],
)
def test_a_mistake_is_said_of_its_field(change: dict[str, object], field: str, says: str) -> None:
    with pytest.raises(WrongField) as wrong:
        case_of_form(FORM.model_copy(update=change))
    assert wrong.value.field == field and says in str(wrong.value)


def test_lines_options_and_conversations_are_understood() -> None:
    turns = [{"role": "user", "content": "A?"}]
    case = case_of_form(
        CaseForm(
            id="a",
            prompt=json.dumps(turns),
            conversation=True,
            expected="one\n\n two \n",
            options="""ignore_case=false absent='["no way"]'""",
            tags="x, y ,",
            max_tokens="1,000",
            must_pass=True,
        )
    )
    wanted = {"kind": "includes", "target": ["one", "two"], "ignore_case": False, "absent": ["no way"]}
    row = {"id": "a", "messages": turns, "grader": wanted, "tags": ["x", "y"], "max_tokens": 1000, "must_pass": True}
    assert case == Case.model_validate(row)
    assert case_of_form(form_of(case)) == case


def test_every_kind_can_be_chosen() -> None:
    expected = {"json": '{"a": "string"}', "json_schema": '{"type": "object"}', "refusal": ""}
    several = '[{"kind": "includes", "target": "x"}]'
    for kind in kinds():
        text = several if kind in ("all", "any") else expected.get(kind, "x")
        assert case_of_form(FORM.model_copy(update={"kind": kind, "expected": text})).grader.kind == kind
