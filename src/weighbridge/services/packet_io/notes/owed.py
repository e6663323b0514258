"""Notes for packets of private documents and of LoRA: what is on record, and what is still owed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from weighbridge.domain.packet_elsewhere import private_notes
from weighbridge.domain.run import PlanDetails
from weighbridge.services.packet_io.contents import Contents
from weighbridge.services.packet_io.markdown import code, table
from weighbridge.services.packet_io.owed import LORA, Owed
from weighbridge.services.packet_io.records.files import DecisionFile

PRIVATE_PATH, LORA_PATH = "data/private/private-documents.md", "data/lora/before-after.md"


def private_note(c: Contents) -> str:
    """Where the texts went, which cases hold one, and the three notes, each as typed or owed."""
    d = c.decision
    assert d is not None
    given = [(code(case.id), f"{len(case.context):,}") for case in c.cases if case.context]
    return "\n".join(
        [
            "# Private documents",
            "",
            _where(c, d),
            "",
            "**This packet holds them as they are**: the texts of the cases, the prompts and the answers stand in",
            "`eval/`, `events.jsonl` and `first-run.md`. Nothing of them is blacked out, as `weighbridge verify` could",
            "mark no answer again. Pass it on to nobody who may not read the documents.",
            "",
            "## Cases that hold a text",
            "",
            table(("case", "characters of text"), given) if given else "No case holds a text of its own.",
            "",
            *_notes(c),
        ]
    )


def _where(c: Contents, d: DecisionFile) -> str:
    """Where prompts and texts went, or will go."""
    if c.server is not None:
        return (
            f"Prompts, texts and answers went to the server at {code(c.server.target.base_url or 'this machine')}, "
            "which the constraints allow only within the person's own network, and nowhere else by weighbridge."
        )
    if c.notebook is not None:
        return "Prompts, texts and answers were worked on in a hosted notebook, and were there as long as its runtime."
    if d.status == "planned" and d.route.route != "local_cpu":
        return f"The route is {d.route.route}: prompts and texts leave this machine as soon as the plan is carried out."
    return "Prompts, texts and answers were worked on in a process of this machine; weighbridge sent none of them away."


def _notes(c: Contents) -> Iterator[str]:
    """The notes that the person typed, then those that are owed."""
    plan = c.runtime.plan if c.runtime and c.runtime.plan else PlanDetails()
    notes = list(private_notes(plan))
    typed = [f"- {one.title}: {code(one.fact.text)}" for one in notes if one.fact.status == "typed"]
    if typed:
        yield from ("## Typed by the person", "", *typed, "")
    lacks = [Owed(one.title, one.fact.reason) for one in notes if one.fact.status == "missing"]
    if lacks:
        yield from _owed(lacks)


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
