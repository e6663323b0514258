"""All files below `data/`, by path, from the evidence."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from pydantic import BaseModel

from weighbridge.domain.base import canonical_json
from weighbridge.domain.problems import Refused
from weighbridge.domain.text import clean
from weighbridge.domain.verdict.cases import case_row
from weighbridge.services.packet_io import pages
from weighbridge.services.packet_io.contents import LOGS, RECORDS, Contents, take
from weighbridge.services.packet_io.evidence import Evidence
from weighbridge.services.packet_io.fill import decision_file, model_file, pack_of, policy_file
from weighbridge.services.packet_io.fill_runtime import runtime_file
from weighbridge.services.packet_io.fill_system import system_file
from weighbridge.services.packet_io.pages import json_text
from weighbridge.services.packet_io.redact import Redactor

MAX_LOG = 1_000_000
"""Characters kept of one engine log: its first and last half."""


def payload(e: Evidence, redactor: Redactor, command: tuple[str, ...]) -> dict[str, str]:
    """Paths with their text. Refused where a fixed case names a folder of this machine.

    The records come first, and without anything private; all other files are made of the records as they are written.
    """
    files = _records(e, redactor, command)
    contents = Contents({}, set(files), files.__getitem__)
    for name in RECORDS:
        if name in files:
            take(contents, name, files[name])
    files |= pages.texts(contents)
    files |= pages.tables(contents)
    contents.present |= {*files, pages.README}
    files |= [pages.read_me(contents)]
    return files


def _records(e: Evidence, redactor: Redactor, command: tuple[str, ...]) -> dict[str, str]:
    """The JSON files and the logs."""

    def one(record: BaseModel) -> str:
        return json_text(redactor.value(record.model_dump(mode="json")), 1) + "\n"

    def lines(records: Iterable[BaseModel]) -> str:
        rows = (redactor.value(r.model_dump(mode="json")) for r in records)
        return "".join(json_text(row, None) + "\n" for row in rows)

    logs = {name: _log(text, redactor) for name, text in e.logs.items()}
    digests = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in logs.items()}
    files = {f"{LOGS}{name}": text for name, text in logs.items()}
    files["data/decision.json"] = one(decision_file(e))
    files["data/system.json"] = one(system_file(e))
    files["data/runtime.json"] = one(runtime_file(e, command, digests))
    if (model := model_file(e)) is not None and e.run.card is not None:
        files["data/model/model.json"] = one(model)
        files["data/model/card-facts.json"] = one(e.run.card)
    if (policy := policy_file(e)) is not None:
        files["data/policy.json"] = one(policy)
        files["data/eval/cases.jsonl"] = _cases(e, redactor)
    if e.evaluation and e.evaluation.results:
        files["data/eval/results.jsonl"] = lines(e.evaluation.results)
    if e.jobs:
        files["data/events.jsonl"] = lines(e.events)
    return files


def _cases(e: Evidence, redactor: Redactor) -> str:
    """One canonical line a case: together they give the policy's digest."""
    pack = pack_of(e)
    assert pack is not None
    for case in pack.case:
        if redactor.value(row := case_row(case)) != row:
            raise Refused(
                f"The case {case.id} names a folder of this machine or holds a credential, and a packet holds neither.",
                "Change the cases file, run the eval again, and save.",
            )
    return "".join(canonical_json(case_row(case)) + "\n" for case in pack.case)


def _log(text: str, redactor: Redactor) -> str:
    half = MAX_LOG // 2
    if len(text) > MAX_LOG:
        text = f"{text[:half]}\n[{len(text) - MAX_LOG} characters left out here]\n{text[-half:]}"
    return clean(redactor.log(text), 2 * MAX_LOG)
