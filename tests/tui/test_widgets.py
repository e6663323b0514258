"""The parts, without an app where that is possible."""

from __future__ import annotations

import pytest

from weighbridge.domain.problems import BadInput
from weighbridge.tui.widgets.figures import elapsed, mib, millis, rate, seconds
from weighbridge.tui.widgets.panel import figure_lines
from weighbridge.tui.widgets.status_line import Notice, sentence
from weighbridge.tui.widgets.trace import trace_row
from weighbridge.tui.widgets.wrap import hanging, middle, shared_start


def test_a_trace_begins_at_zero_and_not_at_its_least_value() -> None:
    low = trace_row([224.0, 230.0], ceiling=230.0, height=1, row=0)
    assert low == "██", "224 of 230 is nearly full, not a cliff"
    assert trace_row([0.0, 4.0, 8.0], 8.0, 1, 0) == " ▄█"
    assert trace_row([4.0], 8.0, 2, 0) + trace_row([4.0], 8.0, 2, 1) == "█ "
    assert trace_row([99.0], 8.0, 1, 0) == "█", "above the ceiling is full, never out of range"
    assert trace_row([1.0, 2.0], 0.0, 1, 0) == "  "


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (mib(None), "–"), (mib(5 * 2**30), "5,120 MiB"), (seconds(None), "–"), (seconds(0.414), "0.41 s"),
        (millis(0.0234), "23 ms"), (millis(0.0041), "4.1 ms"), (millis(None), "–"), (rate(23.44), "23.4 tok/s"),
        (rate(None), "–"), (elapsed(4.24), "4.2 s"), (elapsed(125.0), "2 min 05 s"),
    ],
)  # fmt: skip
def test_figures_carry_their_unit_and_unknown_is_a_dash(said: str, expected: str) -> None:
    assert said == expected


def test_figures_stand_in_one_column() -> None:
    lines = figure_lines([("RSS", "203 MiB"), ("available", "9,216 MiB")], 24).plain.splitlines()
    assert lines == ["RSS              203 MiB", "available      9,216 MiB"]
    narrow = figure_lines([("available", "9,216 MiB")], 10).plain
    assert narrow == "available 9,216 MiB", "name and figure never run together"


def test_a_problem_is_a_sentence_with_its_hint() -> None:
    notice = Notice.of(BadInput("there is no file x\x1b[31m", "give the path of a .gguf file"))
    assert notice.line == "! There is no file x␛[31m. Give the path of a .gguf file."
    assert sentence("") == "" and sentence("done!") == "Done!"
    assert sentence("at least 64 (it is '3')") == "At least 64 (it is '3')."
    assert sentence("(As it is.)") == "(As it is.)"


def test_a_hanging_indent_and_the_words_that_all_reasons_share() -> None:
    assert hanging("one two three four", 12, 2) == "  one two\n  three four"
    assert shared_start(["5 of 8; keep", "5 of 8; stop"]) == "5 of 8"
    assert shared_start(["owed", "stop"]) == "" and shared_start(["alone; x"]) == ""


def test_a_long_name_keeps_both_ends() -> None:
    assert middle("short", 9) == "short"
    assert middle("acme/an-endless-name-Instruct-GGUF", 20) == "acme/a…Instruct-GGUF"
