"""The parts, without an app where that is possible."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt
from rich.cells import cell_len

from weighbridge.domain.problems import BadInput
from weighbridge.domain.steps import BY_ID, ORDER, StepId
from weighbridge.tui.budget import LEAST_S, MOST_S, Budget
from weighbridge.tui.screens.dialogs.help_page import help_text
from weighbridge.tui.widgets.answer_pane import wrapped
from weighbridge.tui.widgets.canvas import Line, edge, fitted
from weighbridge.tui.widgets.figures import elapsed, mib, millis, rate, seconds
from weighbridge.tui.widgets.panel import figure_lines
from weighbridge.tui.widgets.rail import entry
from weighbridge.tui.widgets.status_line import Notice, sentence
from weighbridge.tui.widgets.trace import Scale, trace_lines, trace_row
from weighbridge.tui.widgets.wrap import hanging, middle


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


def words(line: Line) -> str:
    return "".join(text for text, _ in line)


def test_figures_stand_in_one_column() -> None:
    lines = [words(line) for line in figure_lines([("RSS", "203 MiB"), ("available", "9,216 MiB")], 24)]
    assert lines == ["RSS              203 MiB", "available      9,216 MiB"]
    (narrow,) = figure_lines([("available", "9,216 MiB")], 10)
    assert words(narrow) == "available 9,216 MiB", "name and figure never run together"


def test_an_earlier_figure_stands_in_brackets_where_there_is_room() -> None:
    now, before = [("decode", "36.8 tok/s"), ("anon + file", "89 + 115 MiB")], [("decode", "35.1 tok/s")]
    lines = figure_lines(now, 25, [*before, ("anon + file", "90 + 115 MiB")])
    assert words(lines[0]) == "decode  (35.1) 36.8 tok/s"
    assert ("(35.1) ", "muted") in lines[0], "the old one is muted"
    assert words(lines[1]) == "anon + file  (…) 89 + 115", "said even where both do not fit"


def test_lines_are_marks_and_the_band_is_shaded_where_the_trace_leaves_room() -> None:
    rows = trace_lines([1.0, 4.0], Scale(4.0, marks=(2.0,), band=(2.0, 3.5)), 4)
    assert [words(row) for row in rows] == ["░█", "┄█", " █", "██"]
    assert rows[0] == (("░", "band"), ("█", "trace"))


def test_an_answer_wraps_between_words_and_long_words_break() -> None:
    assert [row for _, row in wrapped("one two three\nfour", 8)] == ["one two", "three", "four"]
    assert [row for _, row in wrapped("abcdefgh ij", 4)] == ["abcd", "efgh", "ij"]
    assert [row for _, row in wrapped("漢字漢字", 4)] == ["漢字", "漢字"]
    assert [row for _, row in wrapped("a\n\nb", 4)] == ["a", "", "b"]
    text = "a growing answer of many words, one by one"
    for _, row in wrapped(text, 7):
        assert len(row) <= 7
    assert " ".join(row for _, row in wrapped(text, 7)) == text


def test_frames_keep_their_width_whatever_stands_in_them() -> None:
    for width in (6, 12, 40):
        assert cell_len(words(edge("memory", "5 s", width, "╭╮"))) == width
        assert cell_len(words(fitted((("漢字漢字漢字", "text"),), width))) == width


def test_the_repaint_interval_grows_with_its_cost_and_comes_back() -> None:
    budget = Budget()
    for _ in range(9):
        budget.spend(0.002)
    assert budget.interval_s == LEAST_S
    for _ in range(9):
        budget.spend(0.008)
    assert 0.79 < budget.interval_s <= 0.8, "8 ms are 1 % of 0.8 s"
    for _ in range(20):
        budget.spend(9.0)
    assert budget.interval_s <= MOST_S


def test_a_problem_is_a_sentence_with_its_hint() -> None:
    notice = Notice.of(BadInput("there is no file x\x1b[31m", "give the path of a .gguf file"))
    assert notice.line == "! There is no file x␛[31m. Give the path of a .gguf file."
    assert sentence("") == "" and sentence("done!") == "Done!"
    assert sentence("at least 64 (it is '3')") == "At least 64 (it is '3')."
    assert sentence("(As it is.)") == "(As it is.)"


def test_a_hanging_indent() -> None:
    assert hanging("one two three four", 12, 2) == "  one two\n  three four"


def test_a_long_name_keeps_both_ends() -> None:
    assert middle("short", 9) == "short"
    assert middle("acme/an-endless-name-Instruct-GGUF", 20) == "acme/a…Instruct-GGUF"


@pytest.mark.parametrize(
    ("step", "here", "said"), [("runtime", True, False), ("runtime", False, True), ("proof", True, True)]
)
def test_a_step_is_not_called_stale_while_its_answers_are_typed(step: StepId, here: bool, said: bool) -> None:
    assert ("stale" in entry(BY_ID[step], "stale", here, planned=False).plain) == said


@pytest.mark.parametrize("step", ORDER)
def test_every_line_of_help_can_wrap(step: StepId) -> None:
    tokens = MarkdownIt().parse(help_text(step))
    assert not [t.content for t in tokens if t.type in ("code_block", "fence")], "a block of code is cut at the edge"
