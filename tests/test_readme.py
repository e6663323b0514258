"""The README says what is so: its plan is the one that the tests run, its verbs exist, its pictures are there."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

from weighbridge.plain.usage.verbs import parser

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_plan_is_the_one_that_the_tests_run() -> None:
    found = re.search(r"tests run this very text -->\n```toml\n(.*?)```", README, re.DOTALL)
    assert found and found[1] == (ROOT / "tests" / "data" / "plan.toml").read_text(encoding="utf-8")


def test_every_verb_of_the_readme_is_known() -> None:
    verbs = set(re.findall(r"^    weighbridge ([a-z]+)", README, re.MULTILINE))
    text = subprocess.run(
        [sys.executable, "-m", "weighbridge", "--help"], capture_output=True, text=True, check=True
    ).stdout
    known = set(re.findall(r"^    ([a-z]+)  ", text, re.MULTILINE))
    assert verbs and verbs == known


def test_every_command_of_the_readme_is_understood() -> None:
    lines = re.findall(r"^    (weighbridge\b.*?)(?:  .*)?$", README, re.MULTILINE)
    assert len(lines) > 10
    for line in lines:
        parser().parse_args(shlex.split(line)[1:])


def test_every_picture_and_page_is_there() -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
