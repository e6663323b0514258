"""`weighbridge route`: the decision for a constraint card."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from pathlib import Path

from pydantic import ValidationError

from weighbridge.domain.problems import BadInput
from weighbridge.domain.route.constraints import ConstraintCard
from weighbridge.domain.route.decide import decide
from weighbridge.domain.route.lesson import lesson_json
from weighbridge.domain.route.text import route_text
from weighbridge.domain.text import clean_line
from weighbridge.domain.toml_words import sentence
from weighbridge.plain import output
from weighbridge.plain.exits import Exit
from weighbridge.services.cases.packs import MAX_BYTES, read_text
from weighbridge.session.deps import real_deps

_HINT = "A card is one JSON object with: " + ", ".join(ConstraintCard.model_fields) + "."


def main(args: Namespace) -> int:
    deps = real_deps(families=Path(args.families) if args.families else None)
    card = _card(args.card)
    decision = decide(card, deps.tables, deps.machine(deps.home).available_bytes)
    if args.format == "lesson":
        output.text(lesson_json(card, decision, deps.tables))
    elif args.format == "json":
        output.json_line({"constraints": card.model_dump(mode="json"), **decision.model_dump(mode="json")})
    else:
        output.text(route_text(decision))
    return Exit.DONE


def _card(name: str | None) -> ConstraintCard:
    """The card of a file, of standard input (`-`), or the default one. BadInput says what does not hold."""
    if name is None:
        return ConstraintCard()
    shown = "standard input" if name == "-" else clean_line(name)
    text = _standard_input() if name == "-" else read_text(Path(name), "constraint card")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise BadInput(f"{shown}{line}: not valid JSON.", _HINT) from None
    if not isinstance(value, dict):
        raise BadInput(f"{shown}: {clean_line(json.dumps(value), 60)} is not an object.", _HINT)
    try:
        return ConstraintCard.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = "".join(f"{clean_line(str(part), 60)}: " for part in first["loc"])
        raise BadInput(f"{shown}: {key}{sentence(first, ConstraintCard)}", _HINT) from None


def _standard_input() -> str:
    raw = sys.stdin.buffer.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise BadInput(f"Standard input is larger than {MAX_BYTES >> 20} MiB.", _HINT)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise BadInput("Standard input is not UTF-8 text.", _HINT) from None
