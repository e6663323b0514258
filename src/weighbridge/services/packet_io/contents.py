"""The files of a packet read into records. What cannot be read is a problem that names file, line and field."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydantic import TypeAdapter, ValidationError

from weighbridge.domain.load.records import LoadRecord, LoadRequest
from weighbridge.domain.model.card import CardFacts
from weighbridge.domain.proof.events import Attempt, Event
from weighbridge.domain.proof.measure import RequestFigures, RequestFold
from weighbridge.domain.proof.recipe import Recipe
from weighbridge.domain.proof.summary import jobs
from weighbridge.domain.verdict.cases import Case
from weighbridge.domain.verdict.decision import CaseResult
from weighbridge.domain.verdict.graders import Mark
from weighbridge.services.packet_io.inventory import Inventory
from weighbridge.services.packet_io.records.elsewhere import NotebookFile, RentalsFile, ServerFile
from weighbridge.services.packet_io.records.files import (
    SCHEMAS,
    DecisionFile,
    PolicyFile,
    RedactionsFile,
    RuntimeFile,
    SystemFile,
)
from weighbridge.services.packet_io.records.model import LicenceFile, ModelFile
from weighbridge.services.packet_io.sound_json import require_sound

MAX_LINES = 500_000
"""Lines of one JSONL file that are read."""
_ERRORS = 5
"""Faulty fields named of one record."""
DOCUMENTS = {
    "data/decision.json": "decision",
    "data/model/model.json": "model",
    "data/model/card-facts.json": "card-facts",
    "data/model/declared-facts.json": "card-facts",
    "data/model/licence.json": "licence",
    "data/policy.json": "policy",
    "data/recipe.json": "recipe",
    "data/runtime.json": "runtime",
    "data/system.json": "system",
    "data/redactions.json": "redactions",
    "data/server.json": "server",
    "data/rentals.json": "rentals",
    "data/notebook.json": "notebook",
    "data/load.json": "load",
}
LINES = {
    "data/eval/cases.jsonl": "case",
    "data/eval/results.jsonl": "result",
    "data/events.jsonl": "event",
    "data/load.jsonl": "load-request",
}
RECORDS = (*DOCUMENTS, *LINES)
"""The files that are read as records; all others are texts made of them, or logs."""
LOGS = "data/logs/"
MODEL_CARD = "data/model/README.md"
"""The model card as the repository has it: a foreign text, carried byte for byte."""
ALWAYS = ("data/README.md", "data/decision.json", "data/runtime.json", "data/system.json", "data/redactions.json")


@dataclass
class Contents:
    """Records by file name; a file that is absent or faulty has none.

    `present`: every file of the packet by its path. `unread`: the faulty ones: what they say is not known. `logs`:
    SHA-256 of each log by its name. `text`: reads a file that is no record; OSError and ValueError as `Inventory.text`.
    `made`: texts that were made of the records and are asked for more than once, by path. `marks`: see marks.py.
    """

    info: dict[str, str]
    present: set[str]
    text: Callable[[str], str]
    unread: set[str] = field(default_factory=set)
    logs: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    documents: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, list[Any]] = field(default_factory=dict)
    made: dict[str, str] = field(default_factory=dict)
    marks: dict[tuple[str, str], Mark] | None = None

    @property
    def decision(self) -> DecisionFile | None:
        return self.documents.get("data/decision.json")

    @property
    def model(self) -> ModelFile | None:
        return self.documents.get("data/model/model.json")

    @property
    def card(self) -> CardFacts | None:
        return self.documents.get("data/model/card-facts.json")

    @property
    def declared(self) -> CardFacts | None:
        """What the sources say of every field, where the person typed another value over one; else the card itself."""
        return self.documents.get("data/model/declared-facts.json") or self.card

    @property
    def licence(self) -> LicenceFile | None:
        return self.documents.get("data/model/licence.json")

    @property
    def policy(self) -> PolicyFile | None:
        return self.documents.get("data/policy.json")

    @property
    def recipe(self) -> Recipe | None:
        return self.documents.get("data/recipe.json")

    @property
    def runtime(self) -> RuntimeFile | None:
        return self.documents.get("data/runtime.json")

    @property
    def system(self) -> SystemFile | None:
        return self.documents.get("data/system.json")

    @property
    def redactions(self) -> RedactionsFile | None:
        return self.documents.get("data/redactions.json")

    @property
    def server(self) -> ServerFile | None:
        return self.documents.get("data/server.json")

    @property
    def rentals(self) -> RentalsFile | None:
        return self.documents.get("data/rentals.json")

    @property
    def notebook(self) -> NotebookFile | None:
        return self.documents.get("data/notebook.json")

    @property
    def load(self) -> LoadRecord | None:
        return self.documents.get("data/load.json")

    @property
    def load_requests(self) -> list[LoadRequest]:
        return self.lines.get("data/load.jsonl", [])

    @property
    def cases(self) -> list[Case]:
        return self.lines.get("data/eval/cases.jsonl", [])

    @property
    def results(self) -> list[CaseResult]:
        return self.lines.get("data/eval/results.jsonl", [])

    @property
    def events(self) -> list[Event]:
        return self.lines.get("data/events.jsonl", [])

    @cached_property
    def jobs(self) -> dict[str, tuple[Event, ...]]:
        """Events by job."""
        parts = jobs(self.events)
        return {job[0].job_id: job for job in parts if isinstance(job[0], Attempt)}

    @cached_property
    def figures(self) -> dict[str, dict[int, RequestFigures]]:
        """Of each completed request, by its job and by the place of its `completed` in the job, in order."""
        return {name: dict(_figures(job)) for name, job in self.jobs.items()}


def _figures(job: Sequence[Event]) -> Iterator[tuple[int, RequestFigures]]:
    fold = RequestFold()
    for at, event in enumerate(job):
        if (figures := fold.add(event)) is not None:
            yield at, figures


def read_contents(files: Inventory, info: dict[str, str]) -> Contents:
    """Reads every file that weighbridge knows."""
    found = Contents(info, set(files.sizes), files.text)
    found.problems += [f"{name} is missing" for name in ALWAYS if name not in files.sizes]
    for name in RECORDS:
        if name in files.sizes:
            try:
                require_sound(name, text := files.text(name))
                take(found, name, text)
            except (OSError, ValueError, RecursionError) as error:
                found.unread.add(name)
                found.problems.append(str(error) if name in str(error) else f"{name}: {error}")
    for name in files.sizes:
        if name.startswith(LOGS) and name not in files.unchecked:
            found.logs[name.removeprefix(LOGS)] = files.sha256(name)
    return found


def take(found: Contents, name: str, text: str) -> None:
    """Puts one file's records among the contents. ValueError names what does not hold."""
    if name in DOCUMENTS:
        found.documents[name] = _record(SCHEMAS[DOCUMENTS[name]], name, text)
    else:
        found.lines[name] = list(_records(SCHEMAS[LINES[name]], name, text))


def _record(schema: TypeAdapter[Any], where: str, text: str) -> Any:
    try:
        return schema.validate_json(text, strict=True)
    except ValidationError as error:
        rows = error.errors(include_url=False, include_input=False)
        said = "; ".join(f"{'.'.join(map(str, r['loc'])) or 'text'}: {r['msg']}" for r in rows[:_ERRORS])
        raise ValueError(f"{where}: {said}") from None


def _records(schema: TypeAdapter[Any], name: str, text: str) -> Iterator[Any]:
    if not text.endswith("\n"):
        raise ValueError(f"{name}: the last line has no end")
    for number, line in enumerate(text[:-1].split("\n"), 1):
        if number > MAX_LINES:
            raise ValueError(f"{name}: more than {MAX_LINES:,} lines")
        yield _record(schema, f"{name}, line {number}", line)
