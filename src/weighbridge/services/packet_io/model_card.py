"""The model card on its way into a packet: read beside run.json, and carried byte for byte or withheld with a reason.

A card is a foreign text that its repository shows to everybody at the pinned revision. What looks like a credential
in it, an e-mail address or a folder such as `/root` is part of that text and stays: the packet's SHA-256 of the card
could be compared with nothing otherwise. What tells of this machine or its user keeps the whole card out.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from weighbridge.domain.model.choice import SERVED, ChoiceKind, ModelChoice
from weighbridge.domain.model.hub import CardText
from weighbridge.services.packet_io.contents import MODEL_CARD
from weighbridge.services.packet_io.inventory import MAX_TEXT_BYTES
from weighbridge.services.packet_io.records.files import with_gaps
from weighbridge.services.packet_io.records.model import CardNote
from weighbridge.services.packet_io.redact import Redactor

RUN_FILE = "card.json"
NOT_RECORDED = "not recorded"
NO_CARD: dict[ChoiceKind, str] = {
    "bundled": "the bundled model comes from a package, and no model card with it",
    "file": "a file was given, and no model card with it",
    "named": "a repository was named; its model card was not fetched",
    "hub": "the run folder keeps no model card of this model",
    **dict.fromkeys(SERVED, "a server answers for the model, and gives no model card"),
    "transformers": "the folder or repository of the model has no model card that was read",
}
WITH_CARD: tuple[ChoiceKind, ...] = ("hub", "transformers")
"""Kinds whose card lies beside the weights."""


class Carried(NamedTuple):
    """What model.json says of the card, and the card's text; empty where it is not carried."""

    note: CardNote
    text: str = ""


def read_card(folder: Path) -> CardText | None:
    """The card that a run folder keeps; None where there is none, or none that can be read."""
    try:
        return CardText.model_validate_json((folder / RUN_FILE).read_bytes())
    except (OSError, ValidationError):
        return None


def carry(card: CardText | None, model: ModelChoice, redactor: Redactor) -> Carried:
    """The card of a model, or why it is not in the packet."""
    of_this = card is not None and (card.repo, card.revision) == (model.repo, model.revision)
    if card is None or not of_this or model.kind not in WITH_CARD:
        untold = card is None or model.kind not in WITH_CARD
        why = NO_CARD[model.kind] if untold else "the card that is kept is another one's"
        nothing = dict.fromkeys(("file", "repo", "revision", "sha256", "size_bytes", "fetched_at"))
        return Carried(CardNote(**with_gaps(nothing, {}, why)))
    why = _withheld(card, redactor)
    values = card.model_dump(include={"repo", "revision", "sha256", "size_bytes", "fetched_at"})
    values["file"] = None if why else MODEL_CARD
    return Carried(CardNote(**with_gaps(values, {"file": why}, card.gap or NOT_RECORDED)), "" if why else card.text)


def _withheld(card: CardText, redactor: Redactor) -> str:
    """Why the text is not carried; empty where it is."""
    if card.gap or not card.text:
        return card.gap or "the repository has an empty model card"
    data = card.text.encode("utf-8", "replace")
    if hashlib.sha256(data).hexdigest() != card.sha256:
        return "the card was not kept whole: its text here does not have the SHA-256 of the card in the repository"
    if len(data) > MAX_TEXT_BYTES:
        return f"the card has {len(data):,} bytes, more than {MAX_TEXT_BYTES:,}"
    telling = redactor.telling(card.text)
    return f"withheld: the card names {telling}, and a packet does not" if telling else ""
