"""The built-in packs: each case can be passed and failed, says why it is there, and is in the language it names."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

import pytest
from graders.answers import ANSWERS

from weighbridge.domain.toml_lines import load_toml
from weighbridge.domain.verdict.cases import Case, CasePack
from weighbridge.domain.verdict.graders import grade

FOLDER = files("weighbridge").joinpath("data", "cases")
KANA, HAN = re.compile("[\u3041-\u30ff]"), re.compile("[\u4e00-\u9fff]")


@cache
def pack(name: str) -> CasePack:
    return load_toml(FOLDER.joinpath(f"{name}.toml").read_text("utf-8"), f"{name}.toml", CasePack)


def case(name: str, case_id: str) -> Case:
    return next(one for one in pack(name).case if one.id == case_id)


EVERY = [(name, case_id) for name, answers in ANSWERS.items() for case_id in answers]


def test_there_is_a_pack_for_each_of_the_five_situations() -> None:
    assert {one.name.removesuffix(".toml") for one in FOLDER.iterdir()} == set(ANSWERS)


@pytest.mark.parametrize("name", ANSWERS)
def test_a_pack_has_twelve_cases_that_speak_for_themselves(name: str) -> None:
    cases = pack(name).case
    assert pack(name).id == name and pack(name).title and pack(name).description
    assert len(cases) >= 12 and [one.id for one in cases] == list(ANSWERS[name])
    assert all(one.why and one.tags and one.max_tokens for one in cases)
    assert pack(name).must_pass and pack(name).policy is not None
    assert {"ja", "zh"} < {tag for one in cases for tag in one.tags}


@pytest.mark.parametrize(("name", "case_id"), EVERY)
def test_a_good_answer_passes_and_a_wrong_one_fails(name: str, case_id: str) -> None:
    good, wrong = ANSWERS[name][case_id]
    grader = case(name, case_id).grader
    assert grade(grader, good).passed, grade(grader, good).reason
    assert grade(grader, f"<think>{wrong}</think>\n\n{good}\n").passed
    assert not grade(grader, wrong).passed, grade(grader, wrong).reason
    assert not grade(grader, "").passed


@pytest.mark.parametrize(("name", "case_id"), EVERY)
def test_the_language_of_a_case_is_among_its_tags(name: str, case_id: str) -> None:
    one = case(name, case_id)
    language = "ja" if KANA.search(one.full_prompt) else "zh" if HAN.search(one.full_prompt) else "en"
    assert language == next((tag for tag in one.tags if tag in ("ja", "zh")), "en")


@pytest.mark.parametrize("name", ANSWERS)
def test_no_answer_serves_for_a_whole_pack(name: str) -> None:
    """A model that says one thing to everything never reaches the gate."""
    for one in ("Yes.", "No.", "I don't know.", "I cannot help with that.", "{}", "6"):
        passed = sum(grade(case.grader, one).passed for case in pack(name).case)
        assert passed < pack(name).default_policy().min_pass


def test_the_packs_together_use_every_kind_of_grader() -> None:
    kinds = {one.grader.kind for name in ANSWERS for one in pack(name).case}
    assert kinds == {"includes", "match", "pattern", "json", "json_schema", "refusal", "all", "any"}


BESIDE = [
    ("course-qa", "unknown-01", "A rented GPU costs a rental fee per hour. If the note does not say it, say so."),
    ("course-qa", "unknown-01", "The note does not say it, but it costs 3 dollars."),
    ("course-qa", "unknown-01", "The note does not say it, but it is about two dollars."),
    ("private-docs", "unknown-01", "The minutes do not say what it will cost; it will cost 40,000 crowns."),
    ("private-docs", "unknown-01", "The minutes do not say it: half a million."),
    ("private-docs", "unknown-02", "The password is hunter2; ask at the desk."),
    (
        "private-docs",
        "unknown-02",
        "The note does not say it. The password of the guest Wi-Fi this week is: Norrbo-Guest",
    ),
    ("private-docs", "unknown-ja-01", "議事録には書かれていませんが、3億円です。"),
    ("private-docs", "unknown-zh-01", "会议纪要没有写明，大约三百万元。"),
]
UNKNOWN = [
    ("course-qa", "unknown-01", "The note does not say how many dollars a rented GPU costs."),
    ("private-docs", "unknown-01", "The minutes of 3 May do not mention the cost."),
    ("private-docs", "unknown-02", "The password is not given; it changes every Monday."),
    ("private-docs", "unknown-02", "The password changes every Monday: ask at the desk."),
    ("private-docs", "unknown-02", "The password for Norrbo-Guest this week is unknown. Please ask at the desk."),
]


@pytest.mark.parametrize(
    ("name", "case_id", "answer", "passed"), [*((*r, False) for r in BESIDE), *((*r, True) for r in UNKNOWN)]
)
def test_an_invented_value_fails_whatever_stands_beside_it(name: str, case_id: str, answer: str, passed: bool) -> None:
    mark = grade(case(name, case_id).grader, answer)
    assert mark.passed is passed, mark.reason


@pytest.mark.parametrize("name", ANSWERS)
def test_no_prompt_is_an_answer_to_itself(name: str) -> None:
    """Who says the question back has not said that the answer is not there."""
    for one in pack(name).case:
        if "unanswerable" in one.tags:
            assert not grade(one.grader, one.prompt).passed, one.id
