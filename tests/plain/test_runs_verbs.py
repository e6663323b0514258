"""`weighbridge runs`: found by words and by the beginning of an id, named, moved, mended, and what they take."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from program import Cli
from recording import recorded_run

from weighbridge.domain import intents as want
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Deps, Session

IDS = ("20260101-100000-aaaa", "20260101-110000-bbbb", "20260202-120000-cccc")


@pytest.fixture
def three(store: RunStore, deps: Deps, monkeypatch: pytest.MonkeyPatch) -> RunStore:
    """Three runs; the oldest was worked on last."""
    names = iter(IDS)
    monkeypatch.setattr(RunStore, "new_id", lambda _: next(names))
    for day, task in ((9, "Weigh lorries"), (1, "sort post"), (2, "sort mail")):
        session = Session.create(store, deps)
        card = session.run.constraints.model_copy(update={"task": task})
        changed = {"constraints": card, "updated_at": f"2026-03-0{day}T00:00:00Z"}
        session._folder.save(session.run.model_copy(update=changed))
        session._folder.close()
    return store


def ids_of(text: str) -> list[str]:
    return [json.loads(line)["id"] for line in text.splitlines()]


def test_runs_are_found_by_words_in_the_order_of_work(here: Cli, three: RunStore) -> None:
    rows = [json.loads(line) for line in here("runs", "--json").stdout.splitlines()]
    assert [row["id"] for row in rows] == [IDS[0], IDS[2], IDS[1]]
    assert all(row["size_bytes"] > 1_000 and row["route"] == "local_cpu" and row["problem"] == "" for row in rows)
    assert ids_of(here("runs", "list", "SORT", "mail", "--json").stdout) == [IDS[2]]
    assert here("runs", "list", "zebra").stdout == "No run holds zebra.\n"


def test_the_beginning_of_an_id_is_enough_where_it_is_the_only_one(here: Cli, three: RunStore) -> None:
    assert "sort mail" in here("runs", "show", "202602").stdout
    many = here("runs", "delete", "20260101", "--yes")
    assert many.returncode == 2 and IDS[0] in many.stderr and IDS[1] in many.stderr
    assert here("runs", "delete", "2", "--yes").returncode == 2 and len(three.list()) == 3
    assert here("--plain", "--run", "20260101-11", stdin="q\n").stdout.count(IDS[1])


def test_a_run_is_named_and_found_by_its_name(here: Cli, three: RunStore) -> None:
    named = here("runs", "rename", "202602", "post \x1b[2J office", "--json")
    assert json.loads(named.stdout)["name"] == "post ␛[2J office"
    assert ids_of(here("runs", "list", "office", "--json").stdout) == [IDS[2]]
    long = here("runs", "rename", "202602", "x" * 81)
    assert long.returncode == 2 and "at most 80" in long.stderr
    held = three.open(IDS[2])
    assert here("runs", "rename", "202602", "again").returncode == 3
    held.close()


def test_a_run_is_exported_and_imported_after_it_was_deleted(here: Cli, three: RunStore, tmp_path: Path) -> None:
    out = tmp_path / "out"
    written = json.loads(here("runs", "export", IDS[0], "-o", str(out), "--json").stdout)
    assert Path(written["file"]).parent == out and written["size_bytes"] == Path(written["file"]).stat().st_size
    assert here("runs", "import", written["file"]).returncode == 2, "it is here already"
    three.delete(IDS[0])
    assert IDS[0] in here("runs", "import", written["file"]).stdout
    assert three.load(IDS[0]).constraints.task == "Weigh lorries"


def test_a_name_that_ends_in_zip_is_the_file(here: Cli, three: RunStore, tmp_path: Path) -> None:
    written = json.loads(here("runs", "export", IDS[0], "-o", "out/r.zip", "--json").stdout)
    assert Path(written["file"]) == Path("out/r.zip") and (tmp_path / "out/r.zip").is_file()
    assert here("runs", "export", IDS[1], "-o", "out/r.zip").returncode == 2, "nothing is written over"


def test_an_edited_eval_is_told_on_import(here: Cli, store: RunStore, tmp_path: Path) -> None:
    data = recorded_run().model_dump(mode="json")
    data["evaluation"]["gate"] |= {"gate": "PASSED", "passed": data["evaluation"]["gate"]["total"]}
    with zipfile.ZipFile(tmp_path / "edited.zip", "w") as archive:
        archive.writestr("run.json", json.dumps(data))
    said = here("runs", "import", "edited.zip")
    assert said.returncode == 0 and "was left out: its gate is PASSED" in said.stderr
    assert "gate" not in here("runs", "list").stdout


def test_a_list_fits_the_terminal_and_is_one_line_a_run_where_it_is_piped(
    here: Cli, three: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    whole = here("runs", "list").stdout.splitlines()
    assert len(whole) == 3 and max(map(len, whole)) > 80
    monkeypatch.setattr("weighbridge.plain.verbs.runs.on_terminal", lambda: True)
    fitting = here("runs", "list").stdout
    assert max(map(len, fitting.splitlines())) <= 80 and fitting.split() == " ".join(whole).split()


def test_the_help_of_run_says_how_a_failed_gate_ends(here: Cli) -> None:
    assert "FAILED is a result, and ends with 0" in " ".join(here("run", "--help").stdout.split())


def test_disk_use_follows_no_link_and_adds_up(here: Cli, three: RunStore, tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(bytes(5_000_000))
    (three.runs / IDS[0] / "link").symlink_to(tmp_path / "large")
    (three.home / "models").symlink_to(tmp_path)
    (three.home / "hub").mkdir()
    (three.home / "hub" / "answer.json").write_bytes(bytes(3_000))
    use = json.loads(here("runs", "disk", "--json").stdout)
    assert {place["name"] for place in use["runs"]} == set(IDS) and use["cache_bytes"] == 3_000
    assert use["downloads"] == [] and use["total_bytes"] < 1_000_000
    parts = use["runs_bytes"] + use["downloads_bytes"] + use["cache_bytes"] + use["other_bytes"]
    assert parts == use["total_bytes"]
    text = here("runs", "disk").stdout
    assert "weighbridge runs delete ID" in text and IDS[2] in text and "total" in text


def test_damaged_events_are_mended_on_demand(here: Cli, store: RunStore, deps: Deps) -> None:
    session = Session.create(store, deps)
    session.apply(want.Rename(name="x"))
    session._folder.close()
    (session.folder / "events.jsonl").write_text('{"event": "party"}\n')
    assert "1 job with 1 line" in here("runs", "mend", session.run.id).stdout
    assert "nothing was changed" in here("runs", "mend", session.run.id).stdout
