"""Sides of a comparison as they come from packets, and how a test changes one of them."""

from __future__ import annotations

from typing import Any

from weighbridge.domain.compare.side import (
    JobConditions,
    Side,
    SideCase,
    SideEval,
    SideFigure,
    SideGate,
    SideHead,
    SideProof,
)
from weighbridge.domain.verdict.stats import wilson

MACHINE: dict[str, str | int | None] = {
    "host_processor_model_name": "x86-64 laptop CPU",
    "host_processor_core_count": 4,
    "host_memory_capacity": 16 * 2**30,
    "operating_system": "Linux",
    "hw_notes": "x86_64, 8 logical cores, 8 usable by the process",
}


def conditions(**changes: Any) -> JobConditions:
    made: dict[str, Any] = {
        "settings": {"threads": "4", "seed": "1234", "engine": "llama-cpp-python 0.3.36", "mode": "default"},
        "mark": "quiet",
        "reasons": (),
        "current": True,
        "outcome": "completed",
        "model_sha256": "a" * 64,
    }
    return JobConditions(**{**made, **changes})


def runs(name: str, label: str, value: float, n: int, low: float, high: float, **changes: Any) -> SideFigure:
    made: dict[str, Any] = {"unit": "s", "better": "lower", "ground": "runs", **changes}
    return SideFigure(name=name, label=label, value=value, n=n, low=low, high=high, **made)


def proof(*figures: SideFigure, prompt: str = "Say it.", **changes: Any) -> SideProof:
    return SideProof(conditions=conditions(**changes), prompt=prompt, figures=figures)


def case(name: str, passed: bool | None = True, **changes: Any) -> SideCase:
    return SideCase(**{"id": name, "content": name, "must_pass": False, "passed": passed, "graded": passed, **changes})


def evaluation(*cases: SideCase, digest: str = "c" * 64, rule: str = "r", **changes: Any) -> SideEval:
    passed = sum(bool(one.passed) for one in cases)
    enough = passed >= 0.8 * len(cases)
    gate = SideGate(
        gate="PASSED" if enough else "FAILED",
        passed=passed,
        total=len(cases),
        interval=wilson(passed, len(cases)),
        rule=rule,
    )
    return SideEval(conditions=conditions(**changes), pack="five", cases_digest=digest, cases=cases, gate=gate)


def side(**changes: Any) -> Side:
    """`head` takes changes of the head."""
    head: dict[str, Any] = {
        "packet": "packet",
        "id": "urn:uuid:1",
        "seal": "s" * 64,
        "verified": True,
        "software": "weighbridge 0.1.0",
        "written_at": "2026-01-02T03:04:05Z",
        "status": "measured",
        "model": "small",
        "model_sha256": "a" * 64,
        "decision": "keep",
    }
    made: dict[str, Any] = {"machine": MACHINE, "proof": None, "evaluation": None, **changes}
    made["head"] = SideHead(**{**head, **changes.get("head", {})})
    return Side(**made)
