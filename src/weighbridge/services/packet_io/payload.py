"""All files below `data/`, by path, from the evidence."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

from pydantic import BaseModel

from weighbridge.domain.base import canonical_json
from weighbridge.domain.problems import Refused
from weighbridge.domain.proof.recipe import recipe_of
from weighbridge.domain.text import clean
from weighbridge.domain.verdict.cases import case_row
from weighbridge.services.packet_io import pages
from weighbridge.services.packet_io.contents import LOGS, MAX_LINES, MODEL_CARD, RECORDS, Contents, take
from weighbridge.services.packet_io.evidence import Evidence
from weighbridge.services.packet_io.fill.decision import decision_file, pack_of, policy_file
from weighbridge.services.packet_io.fill.elsewhere import notebook_file, rentals_file, server_file
from weighbridge.services.packet_io.fill.licence import licence_file
from weighbridge.services.packet_io.fill.model import model_file
from weighbridge.services.packet_io.fill.runtime import runtime_file
from weighbridge.services.packet_io.fill.system import system_file
from weighbridge.services.packet_io.inventory import MAX_TEXT_BYTES
from weighbridge.services.packet_io.json_text import json_text, shown
from weighbridge.services.packet_io.model_card import carry
from weighbridge.services.packet_io.redact import Redactor
from weighbridge.services.packet_io.redactions import PATH as REDACTIONS
from weighbridge.services.packet_io.redactions import redactions_file

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
    contents.present |= pages.names(contents)
    made = [*pages.texts(contents), *pages.tables(contents), pages.report(contents), pages.read_me(contents)]
    return files | {name: make() for name, make in made}


def _records(e: Evidence, redactor: Redactor, command: tuple[str, ...]) -> dict[str, str]:
    """The JSON files and the logs."""

    def one(record: BaseModel) -> str:
        return json_text(redactor.value(record.model_dump(mode="json")), 1) + "\n"

    def lines(records: Iterable[BaseModel]) -> str:
        return "".join(f"{_line(record, redactor)}\n" for record in records)

    logs = {name: _log(text, redactor) for name, text in e.logs.items()}
    digests = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in logs.items()}
    files = {f"{LOGS}{name}": text for name, text in logs.items()}
    files["data/decision.json"] = one(decision_file(e))
    files["data/system.json"] = one(system_file(e))
    files["data/runtime.json"] = one(runtime_file(e, command, digests))
    files |= _model(e, redactor, one)
    files |= _elsewhere(e, one, lines)
    if e.proof and (recipe := recipe_of(e.proof_events, e.run.model, e.proof.prompt)):
        files["data/recipe.json"] = one(recipe)
    if (policy := policy_file(e)) is not None:
        files["data/policy.json"] = one(policy)
        files["data/eval/cases.jsonl"] = _cases(e, redactor)
    if e.evaluation and e.evaluation.results:
        files["data/eval/results.jsonl"] = lines(e.evaluation.results)
    if e.jobs:
        files["data/events.jsonl"] = _readable(lines(e.events))
    files[REDACTIONS] = json_text(redactions_file(redactor.used, files, files.__getitem__).model_dump(), 1) + "\n"
    return files


def _line(record: BaseModel, redactor: Redactor) -> str:
    """One record. Nearly all hold nothing to take out, and are written as they are, which is far faster."""
    text = record.model_dump_json()
    if not redactor.suspects(text):
        return shown(text)
    return json_text(redactor.value(record.model_dump(mode="json")), None)


def _readable(events: str) -> str:
    """The events, as many as `verify` reads. Refused where there are more: nobody could check such a packet."""
    count, size = events.count("\n"), len(events.encode())
    if count > MAX_LINES or size > MAX_TEXT_BYTES:
        raise Refused(
            f"The run has {count:,} events of {size / 2**20:,.0f} MiB, and a packet holds at most {MAX_LINES:,} "
            f"of {MAX_TEXT_BYTES / 2**20:,.0f} MiB.",
            "Run proof and eval again with fewer tokens, cases or repeats, and save.",
        )
    return events


def _model(e: Evidence, redactor: Redactor, one: Callable[[BaseModel], str]) -> dict[str, str]:
    """The records below data/model/, and the model card itself, which no redaction touches."""
    if e.run.model is None or e.run.card is None:
        return {}
    card = carry(e.source.card, e.run.model, redactor)
    files = {
        "data/model/model.json": one(model_file(e, e.run.model, card.note)),
        "data/model/card-facts.json": one(e.run.card),
        "data/model/licence.json": one(licence_file(e.run, e.run.card.licence)),
    }
    if e.run.declared is not None and e.run.declared != e.run.card:
        files["data/model/declared-facts.json"] = one(e.run.declared)
    if card.note.file:
        files[MODEL_CARD] = card.text
    return files


def _elsewhere(
    e: Evidence, one: Callable[[BaseModel], str], lines: Callable[[Iterable[BaseModel]], str]
) -> dict[str, str]:
    """What a server, a rented GPU, a notebook and a load test leave, each where there was one."""
    run = e.run
    made: dict[str, BaseModel | None] = {
        "data/server.json": server_file(run, e.proof_events, e.proof.figures if e.proof else None, e.events),
        "data/rentals.json": rentals_file(run),
        "data/notebook.json": notebook_file(run),
    }
    files = {name: one(record) for name, record in made.items() if record is not None}
    if run.load is not None:
        files["data/load.json"] = one(run.load.model_copy(update={"inputs": ""}))
        if e.source.load:
            files["data/load.jsonl"] = lines(e.source.load)
    return files


def _cases(e: Evidence, redactor: Redactor) -> str:
    """One canonical line a case: together they give the policy's digest."""
    pack = pack_of(e)
    assert pack is not None
    for case in pack.active:
        if redactor.value(row := case_row(case)) != row:
            raise Refused(
                f"The case {case.id} names a folder of this machine or holds a credential, and a packet holds neither.",
                "Change the cases file, run the eval again, and save.",
            )
    return "".join(canonical_json(case_row(case)) + "\n" for case in pack.active)


def _log(text: str, redactor: Redactor) -> str:
    half = MAX_LOG // 2
    if len(text) > MAX_LOG:
        text = f"{text[:half]}\n[{len(text) - MAX_LOG} characters left out here]\n{text[-half:]}"
    return clean(redactor.log(text), 2 * MAX_LOG)
