"""`weighbridge card MODEL`: what file and model card declare, each with its source, and what the licence allows."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from weighbridge.domain.model.hub import CardText
from weighbridge.domain.problems import BadInput
from weighbridge.domain.run import Run
from weighbridge.domain.text import clean, clean_line
from weighbridge.plain import output
from weighbridge.plain.desk import scratch_session
from weighbridge.plain.exits import Exit
from weighbridge.plain.loading import choose
from weighbridge.plain.texts.card import card_place, facts_text, licence_text
from weighbridge.session.deps import real_deps
from weighbridge.session.session import Session


def main(args: Namespace) -> int:
    with scratch_session(real_deps()) as (session, runner):
        runner.run(choose(session, args.model))
        text = session.card_text()
        if args.json:
            output.json_line(report(session.run, text, args.text))
        elif args.text:
            output.text(cleaned(session.run, text))
        else:
            _tell(session, text)
    return Exit.DONE


def _tell(session: Session, text: CardText | None) -> None:
    run = session.run
    assert run.model is not None and run.card is not None
    output.text(clean_line(f"{run.model.name} ({run.model.source})"))
    if text is not None:
        output.text(card_place(text, kept(run, text)))
    output.text(facts_text(run.card))
    if run.licence is not None:
        output.text(licence_text(run.licence))


def kept(run: Run, text: CardText) -> bool:
    """Whether the card was read on an earlier visit: before this run began."""
    return bool(text.fetched_at) and text.fetched_at < run.created_at


def cleaned(run: Run, text: CardText | None) -> str:
    """The card itself, made safe for a terminal. BadInput where there is none."""
    if text is None or text.gap:
        name = clean_line(run.model.name) if run.model else "the model"
        why = clean_line(text.gap) if text else "it came without one"
        raise BadInput(f"There is no model card of {name} to show: {why}.", "`weighbridge card` lists the facts.")
    return clean(text.text, max(1, len(text.text))).rstrip("\n")


def report(run: Run, text: CardText | None, whole: bool) -> dict[str, Any]:
    """The object of `card --json`. `readme` is null where the model has no repository."""
    assert run.model is not None and run.card is not None
    source: dict[str, Any] | None = None
    if text is not None:
        source = {**text.model_dump(mode="json", exclude={"text"}), "kept": kept(run, text)}
        if whole:
            source["text"] = clean(text.text, max(1, len(text.text)))
    return {
        "model": run.model.model_dump(mode="json", exclude={"path"}),
        "card": run.card.model_dump(mode="json"),
        "licence": run.licence and run.licence.model_dump(mode="json"),
        "readme": source,
    }
