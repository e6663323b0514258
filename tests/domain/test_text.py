"""Text from outside cannot reach the terminal as anything but text."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighbridge.domain.text import clean, clean_line


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[2Jgone", "␛[2Jgone"),
        ("a\u202eb", "a\ufffdb"),
        ("a\x9b31mb", "a\ufffd31mb"),
        ("bell\x07", "bell␇"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("tag\U000e0041", "tag\ufffd"),
        ("家族 👩\u200d👧", "家族 👩\u200d👧"),
    ],
)
def test_clean(hostile: str, shown: str) -> None:
    assert clean(hostile) == shown


@given(st.text(alphabet=st.characters(exclude_categories=[]), max_size=200))
def test_nothing_that_moves_a_cursor_is_left(text: str) -> None:
    left = {c for c in clean(text) if unicodedata.category(c) in ("Cc", "Cs")} - {"\n", "\t"}
    assert not left
    assert "\n" not in clean_line(text)


def test_the_limit_holds() -> None:
    assert len(clean("é" * 1000, limit=100)) == 100
    assert len(clean_line("x" * 1000)) == 300
