"""Steps 3 and 4: which model, and what its card says."""

from __future__ import annotations

from weighbridge.domain.intents import TypeFact
from weighbridge.domain.model.card import FIELDS
from weighbridge.domain.run import Run
from weighbridge.plain import output
from weighbridge.plain.figures import table
from weighbridge.plain.loading import choose
from weighbridge.plain.prompts import Talk


def ask_model(talk: Talk) -> None:
    """The present model stays with Enter."""
    run = talk.session.run
    if run.model is not None:
        output.text(_chosen(run))
    default = run.model.name if run.model else _first(run)
    plan = ", or org/repository@revision for the plan" if run.planned else ""
    spec = talk.line(f"Model: bundled, or the path of a .gguf file{plan}", default)
    if run.model is None or spec != run.model.name:
        talk.runner.run(choose(talk.session, spec))
        output.text(_chosen(talk.session.run))


def _first(run: Run) -> str:
    return run.decision.family.examples[0] if run.planned else "bundled"


def _chosen(run: Run) -> str:
    model = run.model
    assert model is not None
    pairs = [
        ("name", model.name),
        ("repository", f"{model.repo or 'not known'}, revision {model.revision or 'not known'}"),
        ("file", model.file_name or "not named"),
        ("sha256", model.sha256 or "not known: nothing was fetched"),
        ("known from", model.source),
    ]
    return table(pairs)


def ask_card(talk: Talk) -> None:
    """Every fact with its source; a number lets the person type one."""
    while True:
        output.text(_facts(talk.session.run))
        text = talk.line("Number of a fact to type, or Enter to go on")
        if not text:
            return
        if not text.isdecimal() or not 1 <= int(text) <= len(FIELDS):
            output.text(f"Please type a number from 1 to {len(FIELDS)}.")
            continue
        field = FIELDS[int(text) - 1]
        value = talk.line(f"{field.question} (- takes your own text back)")
        if value:
            talk.session.apply(TypeFact(field=field.name, value="" if value == "-" else value))


def _facts(run: Run) -> str:
    card = run.card
    assert card is not None
    lines = []
    for number, field in enumerate(FIELDS, 1):
        fact = getattr(card, field.name)
        source = f" [{fact.status}, {fact.source}]" if fact.source else ""
        lines.append(f"  {number}. {field.title}: {fact.text}{source}")
    return "\n".join(lines)
