"""What a packet still owes: the completeness list's gaps, and what private documents and LoRA ask for beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from weighbridge.services.packet_io.records import DecisionFile


class Owed(NamedTuple):
    """One thing that is not in the packet, and why."""

    title: str
    reason: str


PRIVATE = (
    Owed("Access rule", "who may read the documents, and this packet, is recorded nowhere: write it down beside it"),
    Owed("Source trace", "which document each passage came from is recorded nowhere: a case holds its text alone"),
    Owed("No-leak note", "that no passage went where it must not is for a person to look at, and to sign"),
)
"""The lesson's three notes where documents are private. No step asks for them, so that they are always owed."""
LORA = (
    Owed("Eval after training", "nothing was trained yet: run the same cases with the adapter"),
    Owed("Adapter", "nothing was trained yet: record file, SHA-256, base model and training data of the adapter"),
)
"""What the lesson asks for where LoRA is decided; the eval before it is the one of this packet."""


def is_private(d: DecisionFile) -> bool:
    return d.constraints.privacy == "private_docs"


def is_lora(d: DecisionFile) -> bool:
    return d.verdict is not None and d.verdict_current and d.verdict.choice == "LoRA"


def owed(d: DecisionFile) -> Iterator[Owed]:
    """Everything that is missing for the route, the privacy and the decision."""
    yield from (Owed(item.title, item.fact.reason) for item in d.completeness if not item.held)
    yield from PRIVATE if is_private(d) else ()
    yield from LORA if is_lora(d) else ()
