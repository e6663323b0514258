"""The page says what the records say, in the order that a reader needs, as sound HTML that asks for nothing."""

from __future__ import annotations

import re

from report.at_hand import CASES, DECISION, RESULTS, RUNTIME, changed, contents_of
from report.html_check import Outline

from weighbridge.domain.proof.noise import Noise
from weighbridge.domain.verdict.decision import ACCEPTED, Overrule
from weighbridge.domain.verdict.graders.pattern import Pattern
from weighbridge.services.packet_io.contents import Contents
from weighbridge.services.packet_io.report_page import PATH, page


def read(c: Contents) -> Outline:
    outline = Outline(page(c))
    assert outline.wrong == []
    return outline


def test_the_writer_puts_the_page_into_the_packet(weighed: Contents, recorded_files: dict[str, str]) -> None:
    assert recorded_files[PATH] == page(weighed)


def test_a_reader_finds_the_decision_first_and_all_sections(weighed: Contents) -> None:
    outline = read(weighed)
    sections = [text for level, text in outline.headings if level == 2]
    assert sections[0].startswith("Decision: ")
    assert sections[1:4] == ["What this packet speaks of", "The list of evidence", "Results of the fixed cases"]
    assert sections[-2:] == ["What is missing, and why", "How to check it, and what that shows"]
    assert "integrity, not authorship" in outline.text


def test_every_item_of_the_list_stands_there_with_value_and_source_or_reason(weighed: Contents, plan: Contents) -> None:
    for c in (weighed, plan):
        text = read(c).text
        assert c.decision is not None
        for item in c.decision.completeness:
            assert item.title in text
            assert (item.fact.source if item.held else item.fact.reason) in text


def test_on_a_phone_each_source_stands_below_its_value(weighed: Contents) -> None:
    """A stacked table keeps the roles of a table, which its style would take from it, and says what is the source."""
    elements = read(weighed).elements
    assert weighed.decision is not None
    assert [known for tag, known in elements if tag == "table"].count({"class": "stacked", "role": "table"}) == 1
    labels = [known["data-label"] for _, known in elements if "data-label" in known]
    assert labels == ["source: "] * len(weighed.decision.completeness)


def test_every_case_stands_there_with_prompt_answer_and_mark(weighed: Contents) -> None:
    outline = read(weighed)
    for case, result in zip(weighed.cases, weighed.results, strict=True):
        assert case.full_prompt in outline.pre
        assert result.output in outline.pre
        assert f"{case.id}: ✓ passed" in outline.text or f"{case.id}: ✗ failed" in outline.text


def test_the_score_says_what_so_few_cases_can_show(weighed: Contents) -> None:
    assert weighed.decision is not None
    assert weighed.decision.evaluation is not None
    gate = weighed.decision.evaluation.gate
    assert gate is not None
    text = read(weighed).text
    assert f"{gate.passed} of {gate.total} cases passed: gate {gate.gate}" in text
    assert gate.interval.text in text
    assert "no random sample" in text


def test_a_persons_mark_and_an_engines_failure_are_shown_beside_the_graders(weighed: Contents) -> None:
    first, *rest = weighed.results
    mark = Overrule(passed=not first.passed, reason="The answer is right in other words.", at="2026-01-02T03:04:05Z")
    failed = first.model_copy(update={"overruled": mark, "failure": "The engine died (SIGSEGV)."})
    weighed.lines[RESULTS] = [failed, *rest]
    text = read(weighed).text
    assert mark.reason in text
    assert f"The grader says{'passed' if first.passed else 'failed'}" in re.sub(r"\s*\n\s*", "", text)
    assert failed.failure in text


def test_a_plan_is_a_page_of_its_own(plan: Contents) -> None:
    outline = read(plan)
    assert outline.headings[0][1].startswith("Plan: ")
    assert "nothing in it was run" in outline.text
    assert "1.20 USD" in outline.text
    assert "there is nothing to draw" in outline.text
    assert "Results of the fixed cases" not in outline.text


def test_an_earlier_decision_is_called_so(weighed: Contents) -> None:
    outline = read(changed(weighed, DECISION, verdict_current=False))
    assert outline.headings[1][1] == "Decision: none"
    assert "made on other evidence" in outline.text


def test_a_recommendation_that_stood_is_not_called_a_persons_choice(weighed: Contents) -> None:
    assert weighed.decision is not None
    verdict = weighed.decision.verdict
    assert verdict is not None
    accepted = {"recommended": verdict.choice, "reason": f"{ACCEPTED}: tag them with `knowledge`"}
    text = read(changed(weighed, DECISION, verdict=verdict.model_copy(update=accepted))).text
    assert "the recommendation stood: nobody chose otherwise, at" in text
    assert 'tag them with "knowledge"' in text
    own = verdict.model_copy(update={"recommended": None, "reason": "I say so."})
    text = read(changed(weighed, DECISION, verdict=own)).text
    assert "by the person, at" in text
    assert "nobody chose otherwise, at" not in text


def test_what_is_not_owed_and_not_known_is_named(weighed: Contents) -> None:
    assert weighed.card is not None
    assert weighed.model is not None
    gap = weighed.card.safety.model_copy(update={"status": "missing", "reason": "the header is silent on it"})
    card = weighed.model.card.model_copy(update={"file": None, "missing": {"file": "no card came with it"}})
    changed(weighed, "data/model/card-facts.json", safety=gap)
    text = read(changed(weighed, "data/model/model.json", card=card)).text
    missing = text[text.index("Not owed, and not known") :]
    assert "Limits and safety: the header is silent on it" in missing
    assert "Model card: no card came with it" in missing
    assert re.search(r"\d of 9 held; \d not owed and not known", text)


def test_a_pattern_keeps_its_backslashes(weighed: Contents) -> None:
    first, *rest = weighed.cases
    pattern = Pattern(kind="pattern", target=r"^\W*yes\b")
    weighed.lines[CASES] = [first.model_copy(update={"grader": pattern}), *rest]
    assert r'pattern: target "^\W*yes\b"' in read(weighed).text


def test_an_option_of_the_command_is_not_broken(weighed: Contents) -> None:
    text = page(changed(weighed, RUNTIME, command_line="weighbridge prove bundled --prompt 'a  - b'"))
    assert '<span class="option">--prompt</span> &#39;a  ' in text
    assert "weighbridge prove bundled --prompt 'a  - b'" in Outline(text).pre


def test_a_plan_owes_a_table_of_the_fixed_cases(plan: Contents) -> None:
    assert plan.decision is not None
    owed = plan.decision.route.model_copy(update={"evidence": ("five-case eval table", "stop command")})
    text = read(changed(plan, DECISION, route=owed)).text
    assert "table of the fixed cases; stop command" in text
    assert "five-case" not in text


def test_a_busy_machine_is_named_with_the_rule(weighed: Contents) -> None:
    assert weighed.runtime is not None
    assert weighed.runtime.proof is not None
    noise = Noise(mark="contended", reasons=("Other programs took 80 % of one core, above 15 %.",))
    figures = weighed.runtime.proof.figures.model_copy(update={"noise": noise})
    proof = weighed.runtime.proof.model_copy(update={"figures": figures})
    text = read(changed(weighed, RUNTIME, proof=proof)).text
    assert "! contended" in text
    assert text.count("Contended: these times are not those of a quiet machine.") == 3
    assert noise.reasons[0] in text
    assert "The rule: contended where" in text


def test_the_page_asks_for_nothing(weighed: Contents, plan: Contents) -> None:
    """No script, no picture, no font, no address but those of files beside it."""
    for c in (weighed, plan):
        text = page(c)
        outline = Outline(text)
        tags = {tag for tag, _ in outline.elements}
        assert not tags & {"script", "img", "link", "iframe", "object", "embed", "form", "base", "image", "use"}
        policy = [known["content"] for tag, known in outline.elements if known.get("http-equiv")]
        assert policy[0].startswith("default-src 'none'")
        for _, known in outline.elements:
            assert not {"src", "srcset", "background", "style"} & known.keys()
            assert known.get("href", "#").startswith(("#", "./"))
        style = text[text.index("<style>") : text.index("</style>")]
        assert "url(" not in style
        assert "@import" not in style


def test_links_go_to_files_of_the_packet(weighed: Contents) -> None:
    links = [known["href"] for _, known in read(weighed).elements if known.get("href", "").startswith("./")]
    assert "./eval/results.jsonl" in links
    assert all(f"data/{link.removeprefix('./')}" in weighed.present for link in links)


def test_equal_records_give_equal_pages(recorded_files: dict[str, str]) -> None:
    assert page(contents_of(recorded_files)) == page(contents_of(dict(reversed(recorded_files.items()))))


def test_the_readme_calls_parameters_so(weighed: Contents, recorded_files: dict[str, str]) -> None:
    assert weighed.model is not None
    assert f"- Parameters: {weighed.model.n_params:,}\n" in recorded_files["data/README.md"]
