"""What a packet still owes: the gaps of its completeness list, and what LoRA asks for beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from weighbridge.services.packet_io.records.files import DecisionFile


class Owed(NamedTuple):
    """One thing that is not in the packet, and why."""

    title: str
    reason: str


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
    yield from LORA if is_lora(d) else ()
