"""Notes for packets of private documents and of LoRA: what is on record, and what is still owed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from weighbridge.services.packet_io.contents import Contents
from weighbridge.services.packet_io.markdown import code, table
from weighbridge.services.packet_io.owed import LORA, PRIVATE, Owed
from weighbridge.services.packet_io.records import DecisionFile

PRIVATE_PATH, LORA_PATH = "data/private/private-documents.md", "data/lora/before-after.md"


def private_note(c: Contents) -> str:
    """Where the texts went, which cases hold one, and the three notes that are owed."""
    d = c.decision
    assert d is not None
    given = [(code(case.id), f"{len(case.context):,}") for case in c.cases if case.context]
    here = d.route.route == "local_cpu"
    where = (
        "Prompts, texts and answers were worked on in a process of this machine; weighbridge sent none of them away."
        if here
        else f"The route is {d.route.route}: prompts and texts leave this machine as soon as the plan is carried out."
    )
    return "\n".join(
        [
            "# Private documents",
            "",
            where,
            "",
            "**This packet holds them as they are**: the texts of the cases, the prompts and the answers stand in",
            "`eval/`, `events.jsonl` and `first-run.md`. Nothing of them is blacked out, as `weighbridge verify` could",
            "mark no answer again. Pass it on to nobody who may not read the documents.",
            "",
            "## Cases that hold a text",
            "",
            table(("case", "characters of text"), given) if given else "No case holds a text of its own.",
            "",
            *_owed(PRIVATE),
        ]
    )


def lora_note(c: Contents) -> str:
    """The eval before training with what was tried, and what is owed after it."""
    d = c.decision
    assert d is not None
    return "\n".join(
        [
            "# Before and after LoRA",
            "",
            "## Before",
            "",
            *_before(c, d),
            "",
            "## Tried first",
            "",
            *([f"- {one.what}, at {one.at}: {code(one.note)}" for one in d.tried] or ["- nothing is on record"]),
            "",
            *_owed(LORA),
        ]
    )


def _before(c: Contents, d: DecisionFile) -> Iterator[str]:
    gate = d.evaluation.gate if d.evaluation else None
    if gate is None or c.policy is None:
        yield "No finished eval stands."
        return
    yield f"{gate.passed} of {gate.total} cases passed, {gate.gate} (95 % interval {gate.interval.text})."
    yield f"Digest of the cases: {code(c.policy.policy.cases_digest)}. An eval after it counts with these cases only."


def _owed(items: Sequence[Owed]) -> Iterator[str]:
    yield from ("## Still owed", "")
    yield from (f"- {item.title}: {item.reason}" for item in items)
    yield ""
