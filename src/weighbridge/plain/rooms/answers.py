"""Steps 1 and 2: the seven questions, and what follows from them."""

from __future__ import annotations

from weighbridge.domain.facts import Scalar
from weighbridge.domain.intents import Answer
from weighbridge.domain.problems import BadInput
from weighbridge.domain.route.questions import QUESTIONS, Question, consequence
from weighbridge.domain.route.text import route_text
from weighbridge.plain import output
from weighbridge.plain.prompts import Back, Item, Talk


def ask_constraints(talk: Talk) -> None:
    """One question after the other; b goes to the one before."""
    at = 0
    while at < len(QUESTIONS):
        question = QUESTIONS[at]
        try:
            _ask(talk, question)
        except Back:
            if at == 0:
                raise
            at -= 1
        except BadInput as trouble:
            output.text(f"! {trouble}")
        else:
            at += 1


def _ask(talk: Talk, question: Question) -> None:
    session = talk.session
    now = getattr(session.run.constraints, question.field)
    ask = f"{question.title}. {question.ask}"
    value: Scalar
    if question.choices:
        items = [Item(c.value, c.label, c.note) for c in question.choices]
        chosen = talk.choose(ask, items, now)
        value = next(c.value for c in question.choices if c.value == chosen)
    else:
        value = talk.line(ask, str(now))
    run = session.apply(Answer(field=question.field, value=value))
    output.text(f"  -> {consequence(run.constraints, question.field, run.decision)}")


def show_route(talk: Talk) -> None:
    output.text(route_text(talk.session.run.decision))
    talk.line("Enter goes on")
