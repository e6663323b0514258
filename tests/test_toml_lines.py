"""Lines and plain words for errors in TOML files."""

from __future__ import annotations

import tomllib
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field, ValidationError

from weighbridge.domain.base import Record
from weighbridge.domain.problems import BadInput
from weighbridge.domain.toml_lines import explain, line_of, load_toml
from weighbridge.domain.toml_scan import key_lines

TEXT = '''# comment with [brackets] and "quotes
id = "pack"
notes = """
[case]  # not a table
id = "no key" ""
"""
"quoted key".inner = 'x # y'

[policy]
min_pass = 4
limits = { low = 1, high = [2, 3] }

[[case]]
id = "a"
tags = [
  "one",   # first
  "two, with ] bracket",
]
[case.grader]
kind = "includes"
target = """a ""\\"quoted\\"" text"""

[[case]]
id = "b"
grader = { kind = "numeric", target = 4 }
'''


@pytest.mark.parametrize(
    ("loc", "line"),
    [
        (("id",), 2),
        (("notes",), 3),
        (("quoted key",), 7),
        (("quoted key", "inner"), 7),
        (("policy",), 9),
        (("policy", "min_pass"), 10),
        (("policy", "limits", "high", 1), 11),
        (("case",), 13),
        (("case", 0), 13),
        (("case", 0, "tags", 1), 17),
        (("case", 0, "grader"), 19),
        (("case", 0, "grader", "target"), 21),
        (("case", 1), 23),
        (("case", 1, "grader", "kind"), 25),
        (("case", 1, "grader", "numeric", "target"), 25),
        (("case", 1, "absent"), 23),
        (("absent",), None),
    ],
)
def test_line_of_finds_tables_keys_and_elements(loc: tuple[int | str, ...], line: int | None) -> None:
    assert line_of(TEXT, loc) == line
    assert line_of(TEXT.replace("\n", "\r\n"), loc) == line


def paths(value: Any, at: tuple[int | str, ...] = ()) -> set[tuple[int | str, ...]]:
    """Every path of parsed TOML."""
    items: list[tuple[int | str, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    found = {(*at, key) for key, _ in items}
    return found.union(*(paths(inner, (*at, key)) for key, inner in items))


def test_every_path_that_tomllib_sees_has_a_line() -> None:
    assert set(key_lines(TEXT)) == paths(tomllib.loads(TEXT))


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab.=[]{}\"'#\\,\n 1", max_size=60))
def test_any_text_is_scanned_to_an_end(text: str) -> None:
    lines = key_lines(text)
    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())
    try:
        parsed = tomllib.loads(text)
    except ValueError:
        return
    if "\\" not in text:
        assert set(lines) == paths(parsed)


class Low(Record):
    kind: Literal["low"]
    target: str | tuple[str, ...]


class High(Record):
    kind: Literal["high"]
    target: float


class Entry(Record):
    id: str = Field(pattern="^[a-z]+$")
    mark: Annotated[Low | High, Field(discriminator="kind")]
    size: int | None = None
    keep: bool = False
    colour: Literal["red", "blue"] = "red"


class Pack(Record):
    title: str = ""
    entry: tuple[Entry, ...] = Field(min_length=1)


GOOD = """title = "t"
[[entry]]
id = "a"
[entry.mark]
kind = "low"
target = ["x"]
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'title = "t"',
            'titel = "t"',
            "p, line 1: titel: unknown key, perhaps 'title' is meant; allowed: entry",
        ),
        ('target = ["x"]', "", "p, line 4: entry[0].mark.target: this key is missing"),
        ("target =", "targets =", "p, line 6: entry[0].mark.targets: unknown key, perhaps 'target' is meant"),
        ("title", "size", "p, line 1: size: unknown key; allowed: entry, title"),
        (
            'target = ["x"]',
            'target = ["x"]\nlevel = 2',
            "p, line 7: entry[0].mark.level: unknown key; allowed: kind",
        ),
        ('target = ["x"]', "target = 3", "p, line 6: entry[0].mark.target: 3 is not text in quotes"),
        ('kind = "low"', 'kind = "lo"', "p, line 5: entry[0].mark.kind: 'lo' is not known; allowed: 'low', 'high'"),
        ('kind = "low"', "", "p, line 4: entry[0].mark: the key 'kind' is missing"),
        ('id = "a"', 'id = "A"', "p, line 3: entry[0].id: 'A' does not match the pattern ^[a-z]+$"),
        ('id = "a"', 'id = "a"\nsize = 1.5', "p, line 4: entry[0].size: 1.5 is not a whole number"),
        ('id = "a"', 'id = "a"\nsize = "x"', "p, line 4: entry[0].size: 'x' is not a whole number"),
        ('id = "a"', 'id = "a"\nkeep = 7', "p, line 4: entry[0].keep: 7 is not true or false"),
        (
            'id = "a"',
            'id = "a"\ncolour = "pink"',
            "p, line 4: entry[0].colour: 'pink' is not one of the known values; allowed: 'red'",
        ),
        ("[[entry]]", "[entry]", "p, line 2: entry: "),
        ("[entry.mark]", "[entry.mark", "p, line 4: not valid TOML: Expected ']'"),
    ],
)
def test_errors_name_line_key_and_what_is_allowed(old: str, new: str, message: str) -> None:
    assert load_toml(GOOD, "p", Pack).entry[0].id == "a"
    with pytest.raises(BadInput) as caught:
        load_toml(GOOD.replace(old, new, 1), "p", Pack)
    assert str(caught.value).startswith(message)


def test_what_was_typed_cannot_move_the_terminal() -> None:
    with pytest.raises(BadInput) as caught:
        load_toml(GOOD.replace("title =", '"ti\\u001b[2Jtle" ='), "na\x1b[31mme\n", Pack)
    assert str(caught.value).isprintable()


def test_without_text_the_key_is_named_alone() -> None:
    with pytest.raises(ValidationError) as caught:
        Pack.model_validate({"entry": [{"id": 3}]})
    assert explain(caught.value, "", "card.json") == "card.json: entry[0].id: 3 is not text in quotes"


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 5000 + "]" * 5000, "a = " + "9" * 5000, "a = 2021-13-45", 'a = "', "a = 1\x00"]
)
def test_hostile_text_is_one_sentence(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        load_toml(text, "p", Pack)
    assert len(str(caught.value)) < 400
