"""A quote stands in the card or not: every word counts, no mark does."""

from __future__ import annotations

import pytest

from weighbridge.services.packet_io.checks.card_quotes import stands_in

CARD = [
    "# Uses",
    "**Direct use:** it *summarises* [long texts](https://example.org/a_b) <br>",
    "<!-- hidden --> and `short` ones, never",
    "private ones. Log in with hf_AbCdEfGhIjKlMnOpQr in /root/x.",
    "| Context length | 32k |",
    "用途：要約。その他",
    "",
]


@pytest.mark.parametrize(
    "quote",
    [
        "it summarises long texts and short ones, never private ones.",
        "**Direct use:** it *summarises* [long texts](https://example.org/a_b)",
        "it summarises long te…",
        "Log in with [credential] in [home]/x.",
        "| Context length | 32k |",
        "用途：要約。",
    ],
)
def test_words_that_stand_there(quote: str) -> None:
    assert stands_in(quote, CARD, 2)


@pytest.mark.parametrize(
    "quote",
    [
        "it summarises long texts and short ones, never public ones.",
        "it summarises and short ones",
        "t summarises long texts",
        "private one",
        "Log in with [home] in /root/x.",
        "Context length 64k",
        "",
        "***",
    ],
)
def test_words_that_do_not(quote: str) -> None:
    assert not stands_in(quote, CARD, 2)


def test_the_line_is_one_of_the_card_and_near() -> None:
    assert not stands_in("Uses", CARD, 0) and not stands_in("Uses", CARD, 99)
    far = ["Uses", *[""] * 2000, "end"]
    assert stands_in("Uses", far, 1) and not stands_in("Uses", far, 1500)
