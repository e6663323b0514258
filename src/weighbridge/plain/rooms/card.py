"""Step 4: what the model's card says, and whether the licence covers the stated use."""

from __future__ import annotations

from weighbridge.domain.flow import missing
from weighbridge.domain.intents import AcceptLicenceRisk, TypeFact
from weighbridge.domain.model.card import FIELDS
from weighbridge.domain.problems import BadInput
from weighbridge.domain.text import clean
from weighbridge.plain import output
from weighbridge.plain.prompts import Talk
from weighbridge.plain.texts.card import card_place, facts_text, licence_text
from weighbridge.plain.verbs.card import kept


def ask_card(talk: Talk) -> None:
    """Every fact with its source; a number lets the person type one."""
    show = True
    while True:
        if show:
            output.text(_card(talk))
        refusal = missing(talk.session.run, "card")
        if refusal:
            output.text(
                f"! {refusal}\n  Choose another model (b), type the licence that you read,"
                " or overrule it on record with accept=REASON."
            )
        text = talk.line(_ask(talk, refusal))
        if not text:
            return
        show = _answered(talk, text)


def _card(talk: Talk) -> str:
    run = talk.session.run
    assert run.card is not None
    text = talk.session.card_text()
    parts = [card_place(text, kept(run, text))] if text is not None else []
    parts.append(facts_text(run.card))
    if run.licence is not None:
        parts.append(licence_text(run.licence))
    return "\n".join(parts)


def _ask(talk: Talk, refusal: str | None) -> str:
    text = talk.session.card_text()
    ways = ["Number of a fact to type"]
    if text is not None and not text.gap:
        ways.append("card to read it all")
    if refusal:
        ways.append("accept=REASON")
    return ", ".join(ways) + ", or Enter to go on"


def _answered(talk: Talk, text: str) -> bool:
    """Does what was typed; True where the facts are to be shown again."""
    name, sign, value = (part.strip() for part in text.partition("="))
    card = talk.session.card_text()
    if name == "accept" and sign:
        try:
            talk.session.apply(AcceptLicenceRisk(reason=value))
        except BadInput as trouble:
            output.text(f"! {trouble}")
        return False
    if text == "card" and card is not None and not card.gap:
        output.text(clean(card.text, max(1, len(card.text))))
        return False
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= len(FIELDS)):
        output.text(f"Please type a number from 1 to {len(FIELDS)}.")
        return False
    field = FIELDS[int(text) - 1]
    typed = talk.line(f"{field.question} (- takes your own text back)")
    if typed:
        talk.session.apply(TypeFact(field=field.name, value="" if typed == "-" else typed))
    return True
