"""`weighbridge compare` on packets of the recorded run: both are checked, stdout is data, the exit code says it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from compare.sides import side

from weighbridge.cli import main
from weighbridge.domain.compare.compare import compare
from weighbridge.services.packet_sides import read_side

pytestmark = pytest.mark.usefixtures("marks_here")


def compared(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    code = main(["compare", *args])
    out = capsys.readouterr()
    return code, out.out, out.err


def as_json(capsys: pytest.CaptureFixture[str], *args: str) -> dict[str, Any]:
    code, out, _ = compared(capsys, *args, "--json")
    assert code == 0 and out.count("\n") == 1
    found: dict[str, Any] = json.loads(out)
    return found


def test_a_failed_case_is_named_and_fails_on_demand(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = compared(capsys, "old", "new")
    assert code == 0 and out.startswith("1 regression: case ") and "passed → failed" in out
    code, again, err = compared(capsys, "old", "new", "--fail-on-regression")
    assert (code, again) == (5, out) and "passed before and fails now" in err
    code, out, err = compared(capsys, "new", "old", "--fail-on-regression")
    assert code == 0 and "fixed" in out and "not compared: figures of the proof, figures of the eval." in err


def test_a_gate_that_can_compare_nothing_fails(
    two: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would pass for ever."""
    monkeypatch.setattr("weighbridge.plain.verbs.compare.compare_packets", lambda *_, **__: compare(side(), side()))
    code, out, err = compared(capsys, "old", "new")
    assert code == 0 and out.startswith("Nothing of these two") and not err
    code, _, err = compared(capsys, "old", "new", "--fail-on-regression")
    assert code == 5 and "nothing could be compared: no regression can be ruled out" in err


@pytest.mark.parametrize(("told", "most"), [("64", 64), ("10", 40), ("300", 100)])
def test_no_line_is_wider_than_the_terminal(
    two: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, told: str, most: int
) -> None:
    monkeypatch.setenv("COLUMNS", told)
    monkeypatch.setattr("weighbridge.plain.verbs.compare.compare_packets", lambda *_, **__: compare(side(), side()))
    _, out, _ = compared(capsys, "old", "new")
    assert most - 8 < max(map(len, out.splitlines())) <= most


def test_the_setting_that_each_case_overrides_is_none_of_the_eval(two: Path) -> None:
    found, _ = read_side(two / "old")
    assert found and found.evaluation and found.proof and found.proof.conditions.settings["max_tokens"]
    assert "max_tokens" not in found.evaluation.conditions.settings
    assert all(case.max_tokens for case in found.evaluation.cases)


def test_the_json_says_first_what_may_be_compared(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = as_json(capsys, "old", "new")
    assert list(found)[:5] == ["schema_version", "old", "new", "same", "allowed"]
    same = {(row["what"], row["of"]): row["same"] for row in found["same"]}
    assert same[("cases", "packet")] and same[("model", "packet")] and same[("machine", "packet")]
    assert same[("settings", "proof")] and same[("prompt", "proof")] and not same[("quiet", "proof")]
    assert found["allowed"]["cases"] and not found["allowed"]["proof"]
    assert {row["mark"] for row in found["figures"]} == {"not comparable"}
    assert {row["name"] for row in found["figures"] if row["of"] == "proof"} >= {"ttft_s", "itl_p50_s", "load_s"}
    assert len(found["cases"]["regressed"]) == 1 and found["cases"]["p"] == 1.0 and found["regression"]
    assert found["old"]["verified"] and found["rule"]


def test_a_packet_that_does_not_hold_is_refused_or_called_not_verified(
    two: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = two / "new/data/eval/results.jsonl"
    path.write_text(path.read_text("utf-8").replace('"passed":false', '"passed":true', 1), "utf-8")
    code, out, err = compared(capsys, "old", "new")
    assert code == 5 and not out and "data/eval/results.jsonl has changed" in err and "--unverified" in err
    code, out, err = compared(capsys, "old", "new", "--unverified")
    assert code == 0 and "NOT VERIFIED" in out and "new is not verified" in err
    found = as_json(capsys, "old", "new", "--unverified")
    assert (found["old"]["verified"], found["new"]["verified"]) == (True, False) and found["new"]["problem"]


def test_a_packet_of_which_nothing_can_be_read_is_refused_in_any_case(
    two: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (two / "new/data/decision.json").write_text("{}")
    for more in ([], ["--unverified"]):
        code, out, err = compared(capsys, "old", "new", *more)
        assert code == 5 and not out and "data/decision.json" in err


def test_another_form_is_left_to_the_version_that_wrote_it(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = two / "new/data/decision.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {"schema_version": 99}), "utf-8")
    code, _, err = compared(capsys, "old", "new")
    assert code == 5 and "form 99" in err and "Compare it with the version that wrote it" in err


@pytest.mark.parametrize(
    ("new", "said"), [("nothing", "There is no folder"), (".", "is not a packet"), ("old", "compared with itself")]
)
def test_what_is_no_second_packet_is_wrong_input(
    two: Path, capsys: pytest.CaptureFixture[str], new: str, said: str
) -> None:
    code, out, err = compared(capsys, "old", new)
    assert code == 2 and not out and said in err
