"""The gate as an in-toto Statement v1 with the test-result predicate v0.1: policy engines read it without our records.

Its subject is the model's file; its configuration, by digest, what was asked, by which rule and on which system.
Unsigned: who wants to attest it wraps this file in an envelope of their own.
"""

from __future__ import annotations

import hashlib
from typing import Any

from weighbridge.domain.verdict.decision import CaseResult
from weighbridge.services.packet_io.contents import Contents
from weighbridge.services.packet_io.json_text import json_text

PATH = "data/decision.intoto.json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"
CONFIGURATION = ("data/eval/cases.jsonl", "data/policy.json", "data/system.json")


def has_statement(c: Contents) -> bool:
    """Only where a gate stands: of this model, with the settings, cases and policy of this packet, and of a file of it.

    What a server read was not seen: its gate speaks of no file by digest.
    """
    note = c.decision.evaluation if c.decision else None
    known = note is not None and note.gate is not None and note.current
    seen = c.server is None and c.model is not None and bool(c.model.sha256)
    return known and seen and set(CONFIGURATION) <= c.present


def statement(c: Contents) -> str:
    """The statement's text."""
    note = c.decision.evaluation if c.decision else None
    assert note is not None
    assert note.gate is not None
    assert c.model is not None
    predicate: dict[str, Any] = {
        "result": note.gate.gate,
        "configuration": [{"name": name, "digest": {"sha256": _sha256(c, name)}} for name in CONFIGURATION],
        "passedTests": [row.case for row in c.results if row.counts and not _warns(row)],
        "warnedTests": [row.case for row in c.results if row.counts and _warns(row)],
        "failedTests": [row.case for row in c.results if not row.counts],
    }
    subject = {"name": c.model.file_name or c.model.name, "digest": {"sha256": c.model.sha256}}
    made = {"_type": STATEMENT, "subject": [subject], "predicateType": PREDICATE, "predicate": predicate}
    return json_text(made, 1) + "\n"


def _warns(row: CaseResult) -> bool:
    """A case that passes, with an answer cut before its end or answers that differ at temperature 0."""
    return row.unstable or row.stop_reason != "eos"


def _sha256(c: Contents, name: str) -> str:
    return hashlib.sha256(c.text(name).encode("utf-8")).hexdigest()
