"""`weighbridge route`: a card in, a decision out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from program import Cli

LESSON_CARD = {
    "task": "course Q&A assistant",
    "privacy": "private_docs",
    "available_route": "rented_gpu",
    "needs_service_api": True,
    "needs_fine_tuning": False,
    "budget_level": "small",
}
LESSON = """{
  "project": "course Q&A assistant",
  "route": {
    "route": "rented_gpu",
    "goal": "run a stable API with explicit cost and shutdown"
  },
  "model_family": {
    "family": "Qwen or Llama family",
    "fit": [
      "colab",
      "rented_gpu"
    ],
    "runtime": "Transformers, vLLM, or SGLang"
  },
  "adaptation": "RAG first; LoRA only after fixed eval failures",
  "evidence": [
    "model card and license note",
    "runtime command",
    "first prompt and output",
    "five-case eval table",
    "latency and memory note",
    "shutdown command"
  ]
}
"""


def test_the_lessons_card_gives_the_lessons_bytes(cli: Cli, tmp_path: Path) -> None:
    card = tmp_path / "card.json"
    card.write_text(json.dumps(LESSON_CARD))
    assert cli("route", str(card), "--format", "lesson").stdout == LESSON
    assert cli("route", "-", "--format", "lesson", stdin=json.dumps(LESSON_CARD)).stdout == LESSON


def test_json_is_one_object_with_the_card_and_every_rejected_family(here: Cli) -> None:
    decision = json.loads(here("route", "-", "--format", "json", stdin=json.dumps(LESSON_CARD)).stdout)
    assert decision["constraints"] == LESSON_CARD | {"commercial_use": False}
    assert decision["route"] == "rented_gpu"
    assert all(row["reason"] for row in decision["rejected"]) and len(decision["rejected"]) == 5


def test_text_is_the_default_and_needs_no_card(here: Cli) -> None:
    text = here("route").stdout
    assert "Not chosen" in text and "Evidence owed" in text


def test_own_families_take_part(here: Cli, tmp_path: Path) -> None:
    own = tmp_path / "families.toml"
    own.write_text("[[family]]\nid = 'mine'\nrank = 'first'\n")
    done = here("route", "--families", str(own))
    assert done.returncode == 2 and "families.toml, line" in done.stderr


@pytest.mark.parametrize(
    ("card", "says"),
    [
        ("{", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("[]", "is not"),
        ('{"task": "x", "colour": 1}', "colour: unknown key"),
        ('{"task": "x", "privacy": "secret"}', "privacy: 'secret' is not one of the known values"),
        ('{"task": ""}', "task: the task needs at least one word"),
    ],
)
def test_a_bad_card_is_one_sentence(here: Cli, card: str, says: str) -> None:
    done = here("route", "-", stdin=card)
    assert done.returncode == 2 and not done.stdout
    assert says in done.stderr and len(done.stderr.splitlines()) == 2


def test_a_card_that_is_not_there_or_no_text(here: Cli, tmp_path: Path) -> None:
    (tmp_path / "card.json").write_bytes(b"\xff\xfe\x00")
    assert "There is no constraint card" in here("route", "missing.json").stderr
    assert "is not UTF-8 text" in here("route", "card.json").stderr
    assert "There is no constraint card" in here("route", str(tmp_path)).stderr
