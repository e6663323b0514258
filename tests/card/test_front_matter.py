"""Front matter as people write it and as nobody should: texts stay texts, lines are right, nothing explodes."""

from __future__ import annotations

import pytest

from weighbridge.services.card.front_matter import MAX_ALIASES, MAX_BLOCK, MAX_DEPTH, UNREAD, Entry, front_matter


def entries(block: str) -> dict[str, Entry]:
    return front_matter(f"---\n{block}\n---\n# M\n").entries


@pytest.mark.parametrize(
    ("block", "key", "values", "line"),
    [
        ("language: no", "language", ("no",), 2),
        ("language: [no, on, yes]", "language", ("no", "on", "yes"), 2),
        ("a: 1\n\n# words\nlicense: 'mit'", "license", ("mit",), 5),
        ("base_model:\n  - a/b\n  - c/d", "base_model", ("a/b", "c/d"), 2),
        ("x: {y: [1, {z: 2}]}\nlicense: 2024-01-01", "license", ("2024-01-01",), 3),
        ("x: !!python/object:os.system {}\nlicense: mit", "license", ("mit",), 3),
        ("license: a\nlicense: b", "license", ("b",), 3),
        (f"{'k' * 190}: v\nlicense: mit", "license", ("mit",), 3),
        ("1: a\ntrue: b\n? [q, r]\n: s\nlicense: mit", "license", ("mit",), 6),
        ("license: |\n  two\n  lines", "license", ("two lines",), 2),
    ],
)
def test_values_and_lines(block: str, key: str, values: tuple[str, ...], line: int) -> None:
    assert entries(block)[key] == Entry(values, line)


@pytest.mark.parametrize("block", ["license:", "license: ~", "license: null", "license: []", "language: {a: b}", ""])
def test_no_value_is_no_entry(block: str) -> None:
    assert entries(block) == {}


@pytest.mark.parametrize(
    "block",
    [
        "license: {a: b}",
        "x: &a [cc-by-nc-4.0]\nlicense: *a",
        "license: [apache-2.0, {x: cc-by-nc-4.0}]",
        "license: [apache-2.0, [cc-by-nc-4.0]]",
        "license: [apache-2.0,\n  cc-by-nc-4.0\nfoo: : :",
    ],
)
def test_a_licence_that_cannot_be_read_whole_is_not_read_as_less(block: str) -> None:
    assert entries(block)["license"].values[-1] == UNREAD


@pytest.mark.parametrize(
    ("block", "damage"),
    [
        ("a: b: c\nlicense: mit", "not valid YAML near line 2"),
        ("a: 'open\nlicense: mit", "not valid YAML"),
        ("\tx: 1\nlicense: mit", "not valid YAML near line 2"),
        ("x: " + "[" * (MAX_DEPTH + 1) + "\nlicense: mit", f"more than {MAX_DEPTH} levels"),
        ("a: &a 1\nb: [" + "*a," * (MAX_ALIASES + 1) + "]\nlicense: mit", f"more than {MAX_ALIASES} aliases"),
        ("- x\n- y\nlicense: mit", "not a mapping|not valid YAML"),
    ],
)
def test_what_stands_alone_is_salvaged(block: str, damage: str) -> None:
    found = front_matter(f"---\n{block}\n---\n")
    assert any(part in found.damage for part in damage.split("|"))
    assert found.entries["license"] == Entry(("mit",), 1 + len(block.split("\n")))


@pytest.mark.parametrize(
    ("salvaged", "values"),
    [
        ("language: [en, 'no'] # two", ("en", "no")),
        ("language:\n- en\n- nn", ("en", "nn")),
        ('language: "en"', ("en",)),
        ("language: null", ()),
        ("language: >", ()),
    ],
)
def test_shapes_that_are_salvaged(salvaged: str, values: tuple[str, ...]) -> None:
    found = entries(f"a: b: c\n{salvaged}")
    assert (found["language"].values if "language" in found else ()) == values


def test_aliases_are_never_expanded() -> None:
    levels = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 20))
    found = entries(f"l0: &l0 [x, x]\n{levels}\nlicense: mit")
    assert found["license"].values == ("mit",)


@pytest.mark.parametrize(
    ("text", "body_line"),
    [
        ("---\nlicense: mit\n---\n# M", 4),
        ("\n\n---\nlicense: mit\n---\n# M", 6),
        ("---\n---\n# M", 3),
        ("# M\n---\nlicense: mit\n---\n", 1),
        ("---\nlicense: mit\n# never closed\n", 1),
        ("---\nx: " + "y" * (MAX_BLOCK + 300) + "\n---\n", 1),
    ],
)
def test_where_the_body_begins(text: str, body_line: int) -> None:
    assert front_matter(text).body_line == body_line


def test_metadata_that_never_ends_is_told_from_a_rule() -> None:
    assert "not closed" in front_matter("---\nlicense: mit\n# M\n").damage
    assert front_matter("---\n# M\n").damage == ""
