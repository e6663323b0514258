"""A cases file with a mistake is answered with its line and what to do."""

from __future__ import annotations

import pytest

from weighbridge.domain.problems import BadInput
from weighbridge.domain.toml_lines import load_toml
from weighbridge.domain.verdict.cases import CasePack

GOOD = """id = "mine"
[policy]
min_pass = 4
[[case]]
id = "one"
prompt = "Say one."
[case.grader]
kind = "match"
target = "one"
""" + "".join(
    f'[[case]]\nid = "more-{n}"\nprompt = "Q"\ngrader = {{ kind = "includes", target = "a" }}\n' for n in range(4)
)

TARGET = 'kind = "match"\ntarget = "one"'
SCHEMA = 'kind = "json_schema"\ntarget = '
OUTSIDE = SCHEMA + '{ properties = { a = { "$ref" = "https://example.com/a" } } }'
PART = '[[case.grader.of]]\nkind = "includes"\ntarget = '
MESSAGES = 'messages = [{ role = "user", content = "x" }]'
NO_USER = 'messages = [{ role = "assistant", content = "x" }]'
PROMPT = 'prompt = "Say one."'
MIN = "min_pass is 9, but there are 5 cases: write 5 at most"

BAD = [
    (PROMPT, 'promt = "Say one."', 6, "case[0].promt", "unknown key, perhaps 'prompt' is meant"),
    (PROMPT, f"{PROMPT}\n{MESSAGES}", 7, "case[0].messages", "a case has either a prompt or messages, not both"),
    (PROMPT, NO_USER, 6, "case[0].messages", "the last message has to be the user's"),
    (PROMPT, "", 4, "case[0]", "a case has either a prompt or messages, and this one has neither"),
    ('id = "more-2"', 'id = "one"', 19, "case[3].id", "two cases have the id 'one': give this one another"),
    ('id = "one"', 'id = "One"', 5, "case[0].id", "'One' does not match the pattern"),
    ("min_pass = 4", "min_pass = 9", 3, "policy.min_pass", MIN),
    ('target = "one"', 'tarket = "one"', 9, "case[0].grader.tarket", "unknown key, perhaps 'target' is meant"),
    ('kind = "match"', 'kind = "exact"', 8, "case[0].grader.kind", "'exact' is not known; allowed: 'includes',"),
    (TARGET, TARGET + "\nignore_case = 3", 10, "case[0].grader.ignore_case", "3 is not true or false"),
    (TARGET, 'kind = "pattern"\ntarget = "("', 9, "case[0].grader.target", "not a regular expression"),
    (TARGET, 'kind = "includes"\ntarget = ""', 9, "case[0].grader.target", "an empty text occurs in every answer"),
    (TARGET, 'kind = "match"\ntarget = ""', 9, "case[0].grader.target", "the target is empty: write the expected"),
    ('target = "one"', "target = 1", 9, "case[0].grader.target", "a number as target needs numeric = true"),
    ('target = "one"', 'target = "1"\ntolerance = 1', 10, "case[0].grader.tolerance", "a tolerance needs numeric"),
    (TARGET, TARGET + "\ntolerance = -1", 10, "case[0].grader.tolerance", "must be at least 0 (it is -1)"),
    (TARGET, TARGET + '\nlocation = "middle"', 10, "case[0].grader.location", "'middle' is not one of the known"),
    (TARGET, OUTSIDE, 9, "case[0].grader.target", "$ref 'https://example.com/a' leads out of the schema: copy"),
    (TARGET, SCHEMA + "'{'", 9, "case[0].grader.target", "the text is not JSON"),
    (TARGET, SCHEMA + "{ default = 2026-01-01 }", 9, "case[0].grader.target", "a JSON Schema holds JSON values"),
    (TARGET, f'kind = "all"\n{PART}"a"\n{PART}""', 14, "case[0].grader.of[1].target", "an empty text occurs"),
    (TARGET, 'kind = "any"\nof = [{ kind = "match", tarket = "a" }]', 9, "case[0].grader.of[0].tarket", "unknown key"),
]


@pytest.mark.parametrize(("old", "new", "line", "key", "message"), BAD)
def test_a_mistake_is_named_with_its_line(old: str, new: str, line: int, key: str, message: str) -> None:
    assert len(load_toml(GOOD, "mine.toml", CasePack).case) == 5
    assert old in GOOD
    with pytest.raises(BadInput) as caught:
        load_toml(GOOD.replace(old, new, 1), "mine.toml", CasePack)
    assert f"mine.toml, line {line}: {key}: {message}" in str(caught.value)


def test_graders_nested_hundreds_deep_are_refused_in_words() -> None:
    deep = '{ kind = "all", of = [' * 300 + '{ kind = "match", target = "a" }' + "] }" * 300
    bad = GOOD.replace('[case.grader]\nkind = "match"\ntarget = "one"', f"grader = {deep}")
    with pytest.raises(BadInput, match=r"mine\.toml"):
        load_toml(bad, "mine.toml", CasePack)
