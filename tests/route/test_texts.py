"""The texts in the package: a help page for every step, and the built-in cases."""

from __future__ import annotations

from importlib.resources import files

import pytest

from weighbridge.domain.steps import STEPS, Step
from weighbridge.domain.toml_lines import load_toml
from weighbridge.domain.verdict.cases import CasePack
from weighbridge.domain.verdict.graders import grade

DATA = files("weighbridge").joinpath("data")


@pytest.fixture(scope="module")
def pack() -> CasePack:
    return load_toml(DATA.joinpath("cases/course-qa.toml").read_text("utf-8"), "course-qa.toml", CasePack)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: str(step.id))
def test_every_step_has_a_help_page_a_learner_can_read_at_once(step: Step) -> None:
    text = DATA.joinpath("help", f"{step.id}.md").read_text("utf-8")
    assert text.startswith(f"# {step.title}\n")
    assert "**Asks:**" in text and "**Leaves:**" in text
    assert 15 <= len(text.splitlines()) <= 40
    assert max(map(len, text.splitlines())) <= 120


def test_no_page_is_left_over() -> None:
    pages = {page.name for page in DATA.joinpath("help").iterdir()}
    assert pages == {"cases.md", "elsewhere.md", *(f"{step.id}.md" for step in STEPS)}


@pytest.mark.parametrize(
    ("page", "terms"),
    [("proof", ("TTFT", "ITL", "RSS", "ctrl+r", "escape")), ("runtime", ("KV cache", "n_ctx")), ("eval", ("Wilson",))],
)
def test_terms_are_explained_where_they_are_shown(page: str, terms: tuple[str, ...]) -> None:
    text = DATA.joinpath("help", f"{page}.md").read_text("utf-8")
    assert [term for term in terms if term not in text] == []


SMALL_MODEL = {
    "laptop-01": "The first route for a laptop without a GPU is a small quantized model on the local CPU.",
    "packet-01": "A run packet holds the model name, the license note, and the route.",
    "billing-01": "A free Colab runtime can be reset at any moment.",
    "gate-01": "No.",
    "gate-02": "No, fine-tuning is not allowed after a baseline eval has failed.",
    "cost-01": "The cost of running a single GPU is 2 dollars per hour. To find the total cost, you multiply "
    "the cost per hour by the number of hours: 2 dollars * 3 hours = 6 dollars.",
    "memory-01": "The number of gigabytes is 2 * 1024 = 2048 bytes.",
    "json-01": '```json\n{\n    "route": "local_cpu",\n    "runtime": "llama.cpp"\n}\n```\n\nThis JSON object is',
}
"""Answers of SmolLM2-135M-Instruct Q4_1 at temperature 0, one thread, n_batch 512, no repacking."""


def test_the_pack_tells_a_small_model_from_a_good_one(pack: CasePack) -> None:
    asked = [case for case in pack.case if case.id in SMALL_MODEL]
    small = {case.id for case in asked if grade(case.grader, SMALL_MODEL[case.id]).passed}
    assert small == {"laptop-01", "packet-01", "gate-01", "cost-01", "json-01"}
    assert len(small) / len(asked) < pack.default_policy().min_pass / len(pack.case)


def test_the_pack_keeps_its_first_cases_and_says_why_each_is_there(pack: CasePack) -> None:
    assert [case.id for case in pack.case][: len(SMALL_MODEL)] == list(SMALL_MODEL)
    assert {case.grader.kind for case in pack.case} == {"all", "includes", "match", "pattern", "json"}
    assert all(case.why and case.tags for case in pack.case)
    assert pack.must_pass == ("laptop-01",)
