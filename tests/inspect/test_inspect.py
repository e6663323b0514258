"""Inspect itself reads the log of a packet: its schema, its reader, its list of logs, its converter.

inspect-ai is 139 MB, so that it is no dependency: `make inspect` runs this in an environment of its own.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from packet.conftest import golden, source
from packet.measured_run import measured

from weighbridge.services.packet_io.evidence import PacketSource
from weighbridge.services.packet_io.write import write_packet

log = pytest.importorskip("inspect_ai.log", reason="inspect-ai is not installed: `make inspect`")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]
__all__ = ["golden", "source"]


def the_log(packet: Path) -> Path:
    (path,) = (packet / "data/eval/inspect").iterdir()
    return path


def inspect(*arguments: str) -> str:
    """What the command line of Inspect prints."""
    tool = Path(sys.executable).with_name("inspect")
    done = subprocess.run([str(tool), *arguments], capture_output=True, text=True, check=True, timeout=120)
    return done.stdout


def test_the_reader_has_every_sample_with_its_mark(golden: Path) -> None:
    read = log.read_eval_log(str(the_log(golden)))
    assert read.status == "success" and read.version == 2
    rows = [json.loads(line) for line in (golden / "data/eval/results.jsonl").read_text("utf-8").splitlines()]
    assert [(s.id, s.scores["pass"].value == "C", s.output.completion) for s in read.samples] == [
        (row["case"], row["passed"], row["output"]) for row in rows
    ]
    assert read.results.scores[0].metrics["accuracy"].value == sum(r["passed"] for r in rows) / len(rows)
    assert read.samples[0].metadata["ttft_s"] == rows[0]["ttft_s"]


def test_the_log_is_listed_and_dumped(golden: Path) -> None:
    listed = json.loads(inspect("log", "list", "--json", "--log-dir", str(golden / "data/eval/inspect")))
    assert [Path(one["name"]).name for one in listed] == [the_log(golden).name]
    assert json.loads(inspect("log", "dump", str(the_log(golden))))["eval"]["task"] == "weighbridge"


def test_the_log_is_converted_with_nothing_lost(golden: Path, tmp_path: Path) -> None:
    inspect("log", "convert", str(the_log(golden)), "--to", "eval", "--output-dir", str(tmp_path))
    (converted,) = tmp_path.rglob("*.eval")
    once, again = log.read_eval_log(str(the_log(golden))), log.read_eval_log(str(converted))
    assert once.eval == again.eval and once.results == again.results and once.stats == again.stats
    assert sorted(once.samples, key=lambda s: s.id) == sorted(again.samples, key=lambda s: s.id)


def test_the_log_is_valid_by_inspects_own_schema(golden: Path) -> None:
    import jsonschema

    schema = json.loads(inspect("log", "schema"))
    found = jsonschema.Draft202012Validator(schema).iter_errors(json.loads(the_log(golden).read_text("utf-8")))
    assert [f"{error.json_path}: {error.message}"[:200] for error in found] == []


def test_accuracy_computed_anew_is_the_one_in_the_log(source: PacketSource, tmp_path: Path) -> None:
    write_packet(tmp_path / "packet", measured(replace(source)))
    read = log.read_eval_log(str(the_log(tmp_path / "packet")))
    said = read.results.scores[0].metrics["accuracy"].value
    log.recompute_metrics(read)
    assert read.results.scores[0].metrics["accuracy"].value == said


def test_the_viewer_bundles_the_log(golden: Path, tmp_path: Path) -> None:
    target = tmp_path / "site"
    inspect("view", "bundle", "--log-dir", str(golden / "data/eval/inspect"), "--output-dir", str(target))
    assert list(target.rglob(the_log(golden).name)) and (target / "index.html").exists()
    shutil.rmtree(target)
