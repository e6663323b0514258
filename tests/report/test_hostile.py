"""What a model, a person or another program wrote is text on the page, and nothing in it is ever anything else."""

from __future__ import annotations

import pytest
from report.at_hand import DECISION, answered, changed
from report.html_check import Outline

from weighbridge.domain.text import clean
from weighbridge.services.packet_io.contents import Contents
from weighbridge.services.packet_io.report_page import page

ATTACKS = {
    "script": "<script>alert(1)</script>",
    "closes the style": "</style></pre></body><img src=x onerror=alert(1)>",
    "closes an attribute": '" onload="alert(1)" x=\'',
    "a template's own marks": "{{ view.title }}{% include 'style.css' %}{# #}",
    "character references": "&lt;script&gt; &#x3c;b&#x3e;",
    "a comment": "<!-- --> <![CDATA[ ]]> <svg><a href='javascript:alert(1)'>",
    "bidirectional marks": "safe \u202etxt.exe\u202c \u2066x\u2069 \u200f",
    "control characters": "\x1b[31mred\x1b[0m\x00\x07 \x9b",
    "right to left": "שלום 123",
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_an_answer_is_text(weighed: Contents, attack: str) -> None:
    before = Outline(page(weighed)).elements
    text = page(answered(weighed, attack, cleaned=attack + "!", reason=attack, failure=attack))
    outline = Outline(text)
    assert outline.wrong == []
    assert clean(attack) in outline.pre
    more = {tag for tag, _ in outline.elements} - {tag for tag, _ in before}
    assert not more
    assert "onerror" not in {name for _, known in outline.elements for name in known}


def test_nothing_invisible_stands_on_the_page(weighed: Contents) -> None:
    text = page(answered(weighed, "".join(ATTACKS.values())))
    assert [char for char in text if not char.isprintable() and char != "\n"] == []


def test_a_hostile_name_is_text_wherever_it_stands(weighed: Contents) -> None:
    name = "<script>alert(1)</script>\"'\u202e"
    text = page(changed(weighed, DECISION, model=name, model_sha256=name))
    assert "<script" not in text
    assert "\u202e" not in text
    assert Outline(text).wrong == []


def test_an_answer_with_only_line_ends_and_a_long_word(weighed: Contents) -> None:
    outline = Outline(page(answered(weighed, "\r\n" * 50 + "x" * 500)))
    assert outline.wrong == []
    assert any(text.endswith("x" * 500) for text in outline.pre)


def test_a_long_answer_is_cut_with_a_word_where_the_whole_is(weighed: Contents) -> None:
    outline = Outline(page(answered(weighed, "word " * 4_000)))
    assert "Cut here: 18,800 more characters are in data/eval/results.jsonl, line 1." in outline.text
    assert max(map(len, outline.pre)) < 5_000


def test_a_size_that_no_float_holds_stands_there_in_bytes(weighed: Contents) -> None:
    first, *rest = weighed.results
    weighed.lines["data/eval/results.jsonl"] = [first.model_copy(update={"peak_rss_bytes": 10**400}), *rest]
    assert f"{10**400:,}" in Outline(page(weighed)).text


@pytest.mark.parametrize("figure", [float("nan"), float("inf"), 1e300, -5.0])
def test_a_figure_that_no_machine_gives_breaks_no_plot(weighed: Contents, figure: float) -> None:
    first, *rest = weighed.results
    weighed.lines["data/eval/results.jsonl"] = [first.model_copy(update={"ttft_s": figure}), *rest]
    weighed.lines["data/events.jsonl"] = [
        event.model_copy(update={"t": figure}) if at % 5 == 0 else event for at, event in enumerate(weighed.events)
    ]
    outline = Outline(page(weighed))
    assert outline.wrong == []
    places = [value for tag, known in outline.elements for value in known.values() if tag in ("path", "circle", "line")]
    assert not [value for value in places if "nan" in value or "inf" in value]
