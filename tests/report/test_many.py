"""Ten thousand cases: the page shows a sample, says so, and stays a page that can be opened."""

from __future__ import annotations

import pytest
from report.at_hand import many
from report.html_check import Outline

from weighbridge.services.packet_io.contents import Contents
from weighbridge.services.packet_io.report_page import page

LIMIT = 2_000_000


@pytest.mark.parametrize("text", ["<&\"'>" * 2_000, "\x00\u202e漢" * 2_000], ids=["escaped", "three bytes a character"])
def test_ten_thousand_cases_with_the_most_costly_texts(weighed: Contents, text: str) -> None:
    made = page(many(weighed, 10_000, text))
    assert len(made.encode()) < LIMIT
    outline = Outline(made)
    assert outline.wrong == []
    assert "100 of 10,000 cases are shown, 80 of the 3,334 that did not pass" in outline.text
    assert "data/eval/results.jsonl" in outline.text
    assert "data/decision.json has the whole" in outline.text
    assert sum(tag == "article" for tag, _ in outline.elements) == 100


def test_failures_come_into_the_sample_before_others(weighed: Contents) -> None:
    outline = Outline(page(many(weighed, 400, "short")))
    failed = [text for level, text in outline.headings if level == 4 and "failed" in text]
    assert len(failed) == 80
    assert failed[0].startswith("1. case-0:")


def test_all_of_a_hundred_are_shown(weighed: Contents) -> None:
    outline = Outline(page(many(weighed, 100, "short")))
    assert "A sample" not in outline.text
    assert sum(tag == "article" for tag, _ in outline.elements) == 100
