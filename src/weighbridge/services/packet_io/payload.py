"""All files below `data/`, by path, from the evidence."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import Any

from pydantic import BaseModel

from weighbridge.domain.base import canonical_json
from weighbridge.domain.problems import Refused
from weighbridge.domain.text import clean
from weighbridge.domain.verdict.cases import case_row
from weighbridge.services.packet_io import csv_rows, notes
from weighbridge.services.packet_io.evidence import Evidence
from weighbridge.services.packet_io.fill import decision_file, model_file, pack_of, policy_file
from weighbridge.services.packet_io.fill_runtime import runtime_file
from weighbridge.services.packet_io.fill_system import system_file
from weighbridge.services.packet_io.readme import readme
from weighbridge.services.packet_io.records import SCHEMAS
from weighbridge.services.packet_io.redact import Redactor
from weighbridge.services.tables import load_tables

MAX_LOG = 1_000_000
"""Characters kept of one engine log: its first and last half."""
_UNUSUAL = re.compile(r"[^\x20-\x7e\n]")


def json_text(value: Any, indent: int | None) -> str:
    """JSON in UTF-8 in which invisible and control characters are written as escapes, so that it can be shown."""
    text = json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False)
    return _UNUSUAL.sub(_visible, text)


def _visible(found: re.Match[str]) -> str:
    char = found[0]
    return json.dumps(char)[1:-1] if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") else char


def payload(e: Evidence, redactor: Redactor, command: tuple[str, ...]) -> dict[str, str]:
    """Paths below `data/` with their text. Refused where a fixed case names a folder of this machine."""

    def one(record: BaseModel) -> str:
        return json_text(redactor.value(record.model_dump(mode="json")), 1) + "\n"

    def lines(records: Iterable[BaseModel]) -> str:
        rows = (redactor.value(r.model_dump(mode="json")) for r in records)
        return "".join(json_text(row, None) + "\n" for row in rows)

    runtime = runtime_file(e, command)
    files = {"decision.json": one(decision_file(e)), "system.json": one(system_file(e)), "runtime.json": one(runtime)}
    if (model := model_file(e)) is not None and e.run.card is not None:
        files["model/model.json"] = one(model)
        files["model/card-facts.json"] = one(e.run.card)
        files["model/LICENSE-NOTE.md"] = redactor.text(notes.licence_note(e))
    if (policy := policy_file(e)) is not None:
        files["policy.json"] = one(policy)
        files["eval/cases.jsonl"] = _cases(e, redactor)
    if e.evaluation and e.evaluation.results:
        files["eval/results.jsonl"] = lines(e.evaluation.results)
    if e.proof:
        files["first-run.md"] = redactor.text(notes.first_run(e, runtime))
    if e.jobs:
        files["events.jsonl"] = lines(e.events)
        files["shutdown.md"] = redactor.text(notes.shutdown(e))
        files["resources/requests.csv"] = csv_rows.as_csv(csv_rows.REQUESTS, csv_rows.request_rows(e.jobs))
        files["resources/samples.csv"] = csv_rows.as_csv(csv_rows.SAMPLES, csv_rows.sample_rows(e.jobs))
    if e.run.planned:
        route = load_tables().route(e.run.decision.route)
        files[f"route/{route.id}.md"] = redactor.text(notes.route_plan(e, route))
    files |= {f"logs/{name}": _log(text, redactor) for name, text in e.logs.items()}
    files |= {f"schemas/{name}.schema.json": _schema(name) for name in SCHEMAS}
    files["README.md"] = redactor.text(readme(e, files))
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


@cache
def _schema(name: str) -> str:
    return json_text(SCHEMAS[name].json_schema(), 1) + "\n"
