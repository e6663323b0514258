"""The packet in the formats of others: their own validators accept it, and it says what the records say."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bagit_utils import Bag
from bagit_utils.validator import BagValidator
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from google.protobuf.json_format import ParseDict
from in_toto_attestation.predicates.test_result.v0 import test_result_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from packet.forge import document, problems
from packet.measured_run import measured

from weighbridge.domain.proof.events import Attempt, Completed, Event, Failed, Graded
from weighbridge.domain.proof.settings import Message
from weighbridge.domain.proof.summary import jobs
from weighbridge.domain.verdict.cases import Case
from weighbridge.domain.verdict.decision import CaseResult, Overrule, judge
from weighbridge.services.packet_io.evidence import PacketSource
from weighbridge.services.packet_io.formats import cyclonedx, inspect_log
from weighbridge.services.packet_io.formats.answers import Answer
from weighbridge.services.packet_io.formats.inspect_sample import sample
from weighbridge.services.packet_io.verify import read_packet
from weighbridge.services.packet_io.write import write_packet
from weighbridge.session.jobs.eval_fold import EvalFold

pytestmark = pytest.mark.usefixtures("marks_here")
Save = Callable[[PacketSource], Path]


def read(packet: Path, name: str) -> Any:
    return json.loads((packet / "data" / name).read_text("utf-8"))


def the_log(packet: Path) -> Path:
    (path,) = (packet / "data/eval/inspect").iterdir()
    return path


def overruled(source: PacketSource, case: str, passed: bool) -> PacketSource:
    """The source with one mark that a person put in place of the grader's, and the gate that follows."""
    record = source.run.evaluation
    assert record
    own = Overrule(passed=passed, reason="the answer | is right", at="2026-01-02T03:04:00Z")
    results = tuple(r.model_copy(update={"overruled": own}) if r.case == case else r for r in record.results)
    again = {"results": results, "gate": judge(results, record.policy, record.noise)}
    return replace(source, run=source.run.model_copy(update={"evaluation": record.model_copy(update=again)}))


def without_answer(source: PacketSource, case: str) -> PacketSource:
    """The source with one case that the engine gave no whole answer to."""
    why = "The engine refused the prompt."
    events: list[Event] = []
    for event in source.events:
        if isinstance(event, Completed) and event.case == case:
            events.append(Failed(t=event.t, kind="refused", phase="decode", message=why, survived=True))
        elif isinstance(event, Graded) and event.case == case:
            events.append(event.model_copy(update={"passed": False, "reason": why, "failure": why}))
        else:
            events.append(event)
    assert source.run.evaluation
    fold = EvalFold(source.run.evaluation.model_copy(update={"results": (), "gate": None, "noise": None}))
    parts = {job[0].job_id: job for job in jobs(events) if isinstance(job[0], Attempt)}
    for job_id in source.run.evaluation.job_ids:
        for event in parts[job_id]:
            fold.add(event)
    return replace(source, events=events, run=source.run.model_copy(update={"evaluation": fold.record}))


def test_the_statement_is_accepted_and_binds_model_cases_policy_and_system(golden: Path) -> None:
    said = read(golden, "decision.intoto.json")
    Statement.copy_from_pb(ParseDict(said, statement_pb2.Statement())).validate()
    predicate = ParseDict(said["predicate"], test_result_pb2.TestResult())
    note, model = read(golden, "decision.json")["evaluation"], read(golden, "model/model.json")
    assert said["subject"] == [{"name": model["file_name"], "digest": {"sha256": model["sha256"]}}]
    assert predicate.result == note["gate"]["gate"]
    for one in predicate.configuration:
        assert one.digest["sha256"] == hashlib.sha256((golden / one.name).read_bytes()).hexdigest()
    lists = [list(predicate.passed_tests), list(predicate.warned_tests), list(predicate.failed_tests)]
    assert [len(lists[0]) + len(lists[1]), len(lists[2])] == [
        note["gate"]["passed"],
        note["gate"]["total"] - note["gate"]["passed"],
    ]


def test_an_unstable_case_is_a_warned_test(source: PacketSource, save: Save) -> None:
    packet = save(measured(source, unstable="case-laptop-01"))
    assert problems(packet) == []
    said = read(packet, "decision.intoto.json")["predicate"]
    rows = [json.loads(line) for line in (packet / "data/eval/results.jsonl").read_text("utf-8").splitlines()]
    assert said["warnedTests"] == [r["case"] for r in rows if r["passed"] and r["unstable"]]
    assert "laptop-01" in said["warnedTests"] + said["failedTests"]


def test_no_statement_where_no_gate_speaks_of_the_model(source: PacketSource, save: Save) -> None:
    settings = source.run.settings.model_copy(update={"n_ctx": 4096})
    packet = save(replace(source, run=source.run.model_copy(update={"settings": settings})))
    assert problems(packet) == []
    assert not (packet / "data/decision.intoto.json").exists()
    assert "`decision.intoto.json`: no gate stands" in (packet / "data/README.md").read_text("utf-8")


def valid_bill(packet: Path) -> Any:
    text = (packet / "data/model/mlbom.cdx.json").read_text("utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    return json.loads(text)


def test_the_bill_is_valid_and_has_digest_licence_card_and_figures(golden: Path, hub_golden: Path) -> None:
    bill, model = valid_bill(golden), read(golden, "model/model.json")
    weights = bill["components"][0]
    assert bill["serialNumber"] == read(golden, "decision.json")["packet"]
    assert weights["hashes"] == [{"alg": "SHA-256", "content": model["sha256"]}]
    metrics = weights["modelCard"]["quantitativeAnalysis"]["performanceMetrics"]
    gate = read(golden, "decision.json")["evaluation"]["gate"]
    assert metrics[0]["confidenceInterval"]["lowerBound"] == str(gate["interval"]["low"])
    assert "decode_tokens_per_s" in [metric["type"] for metric in metrics]
    hub = valid_bill(hub_golden)["components"][0]
    assert hub["purl"].startswith("pkg:huggingface/acme/SmolLM2-135M-GGUF@0123456789")
    assert "medical" in json.dumps(hub["modelCard"]["considerations"])
    assert weights["licenses"][0]["license"]["id"] == "Apache-2.0" and "name" not in weights["licenses"][0]["license"]


def test_no_metric_of_the_bill_hides_that_the_machine_was_busy(golden: Path) -> None:
    _, contents = read_packet(golden)
    runtime, decision = contents.documents["data/runtime.json"], contents.documents["data/decision.json"]
    busy = {"noise": decision.evaluation.noise.model_copy(update={"mark": "contended"})}
    proof = runtime.proof.model_copy(update={"figures": runtime.proof.figures.model_copy(update=busy)})
    contents.documents["data/runtime.json"] = runtime.model_copy(update={"proof": proof})
    note = decision.evaluation.model_copy(update=busy)
    contents.documents["data/decision.json"] = decision.model_copy(update={"evaluation": note})
    metrics = json.loads(cyclonedx.mlbom(contents))["components"][0]["modelCard"]["quantitativeAnalysis"]
    assert len(metrics["performanceMetrics"]) > 2
    assert all(row["slice"].endswith(", contended") for row in metrics["performanceMetrics"])


def test_the_bill_of_a_plan_claims_no_figure(planned_source: PacketSource, save: Save) -> None:
    weights = valid_bill(save(planned_source))["components"][0]
    assert weights["modelCard"]["quantitativeAnalysis"]["performanceMetrics"] == []


def conforms(packet: Path) -> tuple[bool | None, str]:
    profile = read(packet, "schemas/bagit-profile.json")
    found = BagValidator.validate_once(Bag(packet), profile=profile)
    return found.valid, " ".join(issue.message for issue in found.issues if issue.level == "error")


def test_a_packet_with_all_its_evidence_conforms_to_the_profile_of_its_route(golden: Path) -> None:
    assert conforms(golden) == (True, "")


def test_the_profile_names_the_evidence_that_is_missing(source: PacketSource, save: Save) -> None:
    packet = save(replace(source, run=source.run.model_copy(update={"evaluation": None})))
    assert problems(packet) == []
    valid, issues = conforms(packet)
    assert valid is False and "eval/results.jsonl" in issues


def test_a_plan_conforms_to_the_profile_of_its_own_route(planned_source: PacketSource, save: Save) -> None:
    packet = save(planned_source)
    assert conforms(packet) == (True, "")
    other = read(packet, "schemas/bagit-profile.json")["Bag-Info"]["Route"]["values"]
    assert other == [planned_source.run.decision.route]


def test_the_log_has_a_name_that_inspect_lists_and_a_sample_for_each_answer(golden: Path) -> None:
    path = the_log(golden)
    assert re.match(r"^\d{4}-\d{2}-\d{2}T\d{2}[:-]\d{2}[:-]\d{2}.*\.json$", path.name)
    log = json.loads(path.read_text("utf-8"))
    cases = [json.loads(line) for line in (golden / "data/eval/cases.jsonl").read_text("utf-8").splitlines()]
    rows = [json.loads(line) for line in (golden / "data/eval/results.jsonl").read_text("utf-8").splitlines()]
    assert [s["id"] for s in log["samples"]] == log["eval"]["dataset"]["sample_ids"] == [c["id"] for c in cases]
    assert [s["output"]["completion"] for s in log["samples"]] == [row["output"] for row in rows]
    assert [s["scores"]["pass"]["value"] == "C" for s in log["samples"]] == [row["passed"] for row in rows]
    gate = read(golden, "decision.json")["evaluation"]["gate"]
    assert log["results"]["scores"][0]["metrics"]["accuracy"]["value"] == gate["passed"] / gate["total"]
    assert len({s["uuid"] for s in log["samples"]}) == len(cases)


def test_a_repeat_is_an_epoch_and_a_case_passes_where_each_does(source: PacketSource, save: Save) -> None:
    log = json.loads(the_log(save(measured(source))).read_text("utf-8"))
    assert log["eval"]["config"] == {"epochs": 2, "epochs_reducer": ["at_least_2"]}
    assert [s["epoch"] for s in log["samples"][:4]] == [1, 2, 1, 2]
    assert log["results"]["total_samples"] == len(log["samples"]) == 2 * len(log["eval"]["dataset"]["sample_ids"])


def test_an_overruled_mark_counts_and_keeps_the_graders_beside_it(source: PacketSource, save: Save) -> None:
    record = source.run.evaluation
    assert record and record.gate
    failed = next(r.case for r in record.results if not r.passed)
    packet = save(overruled(source, failed, True))
    assert [line for line in problems(packet) if "decision" not in line.split(":")[0]] == []
    log = json.loads(the_log(packet).read_text("utf-8"))
    score = next(s for s in log["samples"] if s["id"] == failed)["scores"]["pass"]
    assert score["value"] == "C" and [edit["value"] for edit in score["history"]] == ["I", "C"]
    assert score["history"][1]["provenance"]["reason"] == "the answer | is right"
    assert failed not in read(packet, "decision.intoto.json")["predicate"]["failedTests"]
    assert read(packet, "decision.json")["evaluation"]["gate"]["passed"] == record.gate.passed + 1
    assert f"**Overruled** by the person: `{failed}` passes" in (packet / "data/README.md").read_text("utf-8")


def test_a_case_without_a_whole_answer_is_a_sample_with_its_error(source: PacketSource, save: Save) -> None:
    packet = save(without_answer(source, "laptop-01"))
    assert [line for line in problems(packet) if not line.startswith(("decision", "completeness", "cost"))] == []
    samples = json.loads(the_log(packet).read_text("utf-8"))["samples"]
    one = next(s for s in samples if s["id"] == "laptop-01")
    assert one["error"]["message"] == "The engine refused the prompt." and one["scores"]["pass"]["value"] == "I"
    assert one["output"]["choices"][0]["stop_reason"] == "unknown"
    assert "laptop-01" in read(packet, "decision.intoto.json")["predicate"]["failedTests"]


def test_a_conversation_is_given_turn_by_turn() -> None:
    turns = [("system", "Be brief."), ("user", "Hello"), ("assistant", "Hi"), ("user", "Capital of France?")]
    case = Case.model_validate(
        {
            "id": "talk",
            "messages": tuple(Message(role=role, content=text) for role, text in turns),
            "grader": {"kind": "includes", "target": ("Paris", "France")},
        }
    )
    mark = Graded(t=1, request="case-talk", case="talk", passed=False, reason="no answer", failure="it broke")
    result = CaseResult(
        case="talk", passed=False, reason="no answer", output="", must_pass=False, stop_reason="failed", ttft_s=None,
        decode_tokens_per_s=None, prompt_tokens=None, output_tokens=0, peak_rss_bytes=None, failure="it broke",
    )  # fmt: skip
    made = sample("urn:uuid:x", "m", case, result, Answer(None, mark), 1)
    assert [(m["role"], m["content"]) for m in made["messages"]] == [*turns, ("assistant", "")]
    assert made["input"] == made["messages"][:-1] and made["target"] == ["Paris", "France"]
    assert made["model_usage"] == {} and "usage" not in made["output"]


def test_a_log_that_would_be_too_large_is_left_out_and_said_to_be(
    source: PacketSource, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspect_log, "MAX_BYTES", 1000)
    packet = save(source)
    assert problems(packet) == [] and not (packet / "data/eval/inspect").exists()
    assert "`eval/inspect/`: it would have more than" in (packet / "data/README.md").read_text("utf-8")


@pytest.mark.parametrize("name", ["decision.intoto.json", "model/mlbom.cdx.json", "schemas/bagit-profile.json", "log"])
def test_a_change_in_one_of_them_is_found(packet: Path, name: str) -> None:
    name = the_log(packet).relative_to(packet / "data").as_posix() if name == "log" else name

    def changed(value: Any) -> Any:
        text = json.dumps(value)
        return json.loads(re.sub(r"FAILED|1\.6|1\.4\.0|success", "PASSED", text, count=1))

    document(packet, name, changed)
    assert any(f"data/{name}, line" in line for line in problems(packet))


def test_equal_sources_give_equal_ids(tmp_path: Path, source: PacketSource) -> None:
    assert write_packet(tmp_path / "a", source) == write_packet(tmp_path / "b", source)
    write_packet(tmp_path / "c", replace(source, packet_id="22222222-2222-4333-8444-555555555555"))
    a, c = (json.loads(the_log(tmp_path / one).read_text("utf-8"))["eval"]["eval_id"] for one in ("a", "c"))
    assert a != c
