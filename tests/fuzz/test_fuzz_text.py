"""The cleaner and the card's extraction on random hostile text: nothing raised, nothing unsafe, no hang, no flood."""

from __future__ import annotations

import tracemalloc
import unicodedata
from random import Random

import pytest
from fuzz.guard import CPU_LIMIT_S, hang_guard
from fuzz.nasty import PIECES, nasty

from weighbridge.domain.facts import Fact
from weighbridge.domain.model.card import FIELDS
from weighbridge.domain.model.card_text import MAX_CARD, readable
from weighbridge.domain.model.hub import CardText, HubRepo
from weighbridge.domain.text import clean, clean_line
from weighbridge.services.card.extract import base_model_of, card_facts

MANY = [(150, 1), pytest.param(11_000, 2, marks=pytest.mark.slow)]
LONGEST = 2_000
"""Characters of any text of a fact: value, source, quote or reason."""
JOINERS = {"\u200c", "\u200d"}
BIDIRECTIONAL = {*map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))), "\u200e", "\u200f", "\u061c"}

REPO = HubRepo(repo="org/model", revision="a" * 40, fetched_at="2026-01-01T00:00:00Z", endpoint="https://hub.example")


def card(text: str) -> CardText:
    return CardText(repo="org/model", revision="a" * 40, text=text)


def assert_safe(text: str, *, one_line: bool) -> None:
    kept = JOINERS if one_line else JOINERS | {"\n", "\t"}
    unsafe = {char for char in set(text) - kept if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
    assert not unsafe and not BIDIRECTIONAL & set(text)


def assert_fact(fact: Fact, n_lines: int) -> None:
    """Every text is short and one safe line, and a line is a line of the card."""
    texts = [fact.source, fact.quote, fact.reason, str(fact.value)]
    texts += [text for claim in fact.claims for text in (claim.source, claim.quote, str(claim.value))]
    for text in texts:
        assert_safe(text, one_line=True)
        assert len(text) <= LONGEST
    assert len(fact.claims) <= 9
    for line in [fact.line, *(claim.line for claim in fact.claims)]:
        assert line is None or 1 <= line <= n_lines
    assert fact.status in ("declared", "derived", "conflicting", "missing")


def check(text: str, base: str, limit_s: float = CPU_LIMIT_S) -> None:
    with hang_guard(limit_s):
        base_model_of(REPO, card(text))
        facts = card_facts(REPO, card(text), base=(REPO, card(base)))
    n_lines = readable(text).count("\n") + 1
    for field in FIELDS:
        assert_fact(getattr(facts, field.name), n_lines)


@pytest.mark.parametrize(("inputs", "seed"), MANY)
def test_the_extraction(inputs: int, seed: int) -> None:
    chance = Random(seed)
    for _ in range(inputs):
        check(nasty(chance), nasty(chance))


@pytest.mark.parametrize(("inputs", "seed"), MANY)
def test_the_cleaner(inputs: int, seed: int) -> None:
    chance = Random(seed)
    for _ in range(inputs):
        text, limit = nasty(chance), chance.choice((0, 1, 80, 300, 200_000))
        with hang_guard():
            cleaned, line = clean(text, limit), clean_line(text, max(limit, 1))
        assert len(cleaned) <= limit and len(line) <= max(limit, 1)
        assert_safe(cleaned, one_line=False)
        assert_safe(line, one_line=True)
        assert clean(cleaned, limit) == cleaned


@pytest.mark.parametrize("plane", [0, 1, 14, *(pytest.param(n, marks=pytest.mark.slow) for n in range(2, 14))])
def test_every_character_comes_out_safe(plane: int) -> None:
    assert_safe(clean("".join(map(chr, range(plane << 16, (plane + 1) << 16)))), one_line=False)


FLOODS = [
    *(pytest.param(piece * 300_000, id=piece) for piece in ("[", "> ", "`", "<!--", "- ", "[^", "**")),
    pytest.param("x" * 10_000_000, id="one line"),
    pytest.param("context length " + "9" * 1_000_000, id="digits"),
    pytest.param("---\n" + "[" * 400_000 + "\n---\n", id="brackets in front matter"),
    pytest.param("---\n" + "a: &a [*a]\n" * 40_000 + "---\n", id="aliases"),
    pytest.param("---\n" + "? " * 200_000 + "\n---\n", id="nested keys"),
    pytest.param("---\n" + "'" * 400_000 + "\n---\n", id="quotes in front matter"),
    pytest.param("---\n" + "license: x\n" * 40_000 + "\t\n---\n", id="keys to salvage"),
    pytest.param("---\n" * 200_000, id="rules"),
    pytest.param("# Limitations\n" * 100_000, id="headings"),
    pytest.param("| context |\n|---|\n" * 50_000, id="table heads"),
    pytest.param("| context" * 100_000 + "\n" + "|---" * 100_000 + "\n" + "| 8k" * 100_000, id="table columns"),
    pytest.param("\u202e\x1b" * 1_000_000, id="escapes"),
]


@pytest.mark.slow
@pytest.mark.parametrize("text", FLOODS)
def test_a_flood_costs_bounded_time(text: str) -> None:
    check(text, "", limit_s=20.0)


@pytest.mark.slow
@pytest.mark.parametrize("text", FLOODS)
def test_a_flood_costs_bounded_memory(text: str) -> None:
    """The card's own size some times over, and no more, whatever stands in it."""
    text = text[:1_000_000]
    tracemalloc.start()
    try:
        card_facts(REPO, card(text))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak <= (64 << 20) + 100 * min(len(text), MAX_CARD)


@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: repr(piece)[:16])
def test_each_nasty_piece_by_itself(piece: str) -> None:
    check(piece, piece * 50)
    check(f"---\nlicense: {piece}\nlanguage: [{piece}]\n---\n# Uses\n{piece}", "")
