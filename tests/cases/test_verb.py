"""`weighbridge cases`: list, show, check, import, try."""

from __future__ import annotations

import json
from pathlib import Path
from unicodedata import east_asian_width

import pytest
from program import Cli

from weighbridge.services.cases.packs import built_in_ids, load_pack

ROWS = [{"input": f"Is {n} even?", "target": "yes" if n % 2 == 0 else "no"} for n in range(6)]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "even.jsonl"
    path.write_text("\n".join(map(json.dumps, ROWS)), encoding="utf-8")
    return path


def test_the_built_in_packs_are_listed_and_shown(here: Cli) -> None:
    assert all(pack_id in here("cases").stdout for pack_id in built_in_ids())
    rows = [json.loads(line) for line in here("cases", "list", "--json").stdout.splitlines()]
    assert [row["id"] for row in rows] == list(built_in_ids())
    shown = here("cases", "show", "course-qa").stdout
    assert "laptop-01 (must pass)" in shown and "includes: local CPU" in shown
    whole = json.loads(here("cases", "show", "course-qa", "--json").stdout)
    assert whole["case"][0]["id"] == "laptop-01" and len(whole["digest"]) == 64
    missing = here("cases", "show", "nothing")
    assert missing.returncode == 2 and "neither a built-in pack nor a cases file" in missing.stderr


def test_an_import_writes_a_pack_that_checks(here: Cli, data: Path, tmp_path: Path) -> None:
    done = here("cases", "import", "even.jsonl", "-o", "even.toml", "--grader", "match")
    assert done.returncode == 0 and "6 rows taken, 0 refused" in done.stdout
    assert {case.grader.kind for case in load_pack(tmp_path / "even.toml").case} == {"match"}
    checked = here("cases", "check", "even.toml", "--json")
    assert json.loads(checked.stdout)["cases"] == 6
    again = here("cases", "import", "even.jsonl", "-o", "even.toml")
    assert again.returncode == 2 and "is there already" in again.stderr
    forced = here("cases", "import", "even.jsonl", "-o", "even.toml", "--force", "--id", "mine", "--json")
    assert forced.returncode == 0 and json.loads(forced.stdout)["taken"] == 6
    assert load_pack(tmp_path / "even.toml").id == "mine"


def test_bad_rows_stop_an_import_unless_they_may_be_skipped(here: Cli, data: Path, tmp_path: Path) -> None:
    data.write_text(data.read_text(encoding="utf-8") + '\n{"input": "?"}\n{oops\n', encoding="utf-8")
    refused = here("cases", "import", "even.jsonl", "-o", "even.toml")
    assert refused.returncode == 2 and not (tmp_path / "even.toml").exists()
    assert "line 7: nothing is expected" in refused.stderr and "line 8: not valid JSON" in refused.stderr
    assert refused.stderr.count("line 7") == 1 and "2 of 8 rows cannot be taken." in refused.stderr
    done = here("cases", "import", "even.jsonl", "-o", "even.toml", "--skip-bad", "--json")
    assert done.returncode == 0 and [bad["place"] for bad in json.loads(done.stdout)["refused"]] == ["line 7", "line 8"]
    assert len(load_pack(tmp_path / "even.toml").case) == 6


def test_a_single_bad_row_is_told_once(here: Cli, data: Path) -> None:
    data.write_text(data.read_text(encoding="utf-8") + "\n{oops\n", encoding="utf-8")
    refused = here("cases", "import", "even.jsonl", "-o", "even.toml")
    assert refused.stderr.count("line 7: not valid JSON") == 1


def test_a_case_is_shown_in_words_within_eighty_columns(here: Cli) -> None:
    for pack_id in built_in_ids():
        shown = here("cases", "show", pack_id).stdout
        columns = [sum(1 + (east_asian_width(c) in "WF") for c in line) for line in shown.splitlines()]
        assert max(columns) <= 80 and '"kind"' not in shown and "[]" not in shown
    shown = here("cases", "show", "private-docs").stdout
    assert "all of these:" in shown and "- match: 1,600 (location any, numeric)" in shown
    assert "- includes: absent 1,730 and 1730" in shown and "- refusal: not knowing" in shown


def test_mistakes_are_said_with_the_way_out(here: Cli, data: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text('id = "bad"\n[[case]]\nid = "A"\n', encoding="utf-8")
    checks = {
        ("check", "bad.toml"): "bad.toml, line",
        ("check", "none.toml"): "There is no cases file",
        ("import", "none.csv", "-o", "x.toml"): "There is no file none.csv",
        ("import", "even.jsonl", "-o", "x.toml", "--grader", "magic"): "There is no grader magic",
        ("import", "even.jsonl", "-o", "x.toml", "--id", "A B"): "id: 'A B' does not match",
        ("import", "even.jsonl", "-o", "none/x.toml"): "There is no folder none",
        ("try", "course-qa", "nothing", "bundled"): "course-qa has no case nothing",
    }
    assert "`weighbridge cases show course-qa`" in here("cases", "try", "course-qa", "nothing", "bundled").stderr
    for args, says in checks.items():
        done = here("cases", *args)
        assert done.returncode == 2 and says in done.stderr, (args, done.stderr)
    assert not (tmp_path / "x.toml").exists()
