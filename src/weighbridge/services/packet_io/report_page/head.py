"""What stands first: the decision and how it came about, then the list of evidence, each line held or missing."""

from __future__ import annotations

from collections.abc import Iterator

from weighbridge.domain.facts import Claim, Fact
from weighbridge.domain.packet import Item
from weighbridge.domain.verdict.decision import Option
from weighbridge.services.packet_io.contents import Contents
from weighbridge.services.packet_io.records.files import DecisionFile
from weighbridge.services.packet_io.report_page.units import line, words
from weighbridge.services.packet_io.report_page.view import Cell, Decision, Field, Table

_NONE = "none"
_STOOD = "the recommendation stood: nobody chose otherwise"
_MEANING = {
    "keep": "Go on with this model as it is.",
    "switch": "Try another model in its place.",
    "RAG": "Give this model the texts it lacks, by retrieval.",
    "LoRA": "Train an adapter for this model.",
    "stop": "Do not go on with this.",
}


def lead(d: DecisionFile) -> str:
    """One sentence: weighed or planned, by what, when."""
    if d.status == "planned":
        made = f"made with {line(d.software)} at {line(d.written_at)}"
        return f"A plan for an open-weight model, {made}: nothing in it was run, nothing was weighed."
    return f"An open-weight model, weighed by {line(d.software)} at {line(d.written_at)}."


def facts(c: Contents, d: DecisionFile) -> tuple[Field, ...]:
    """Which packet this is."""
    card, model = d.constraints, c.model
    commercial = "commercial use" if card.commercial_use else "no commercial use"
    return (
        Field("Status", d.status),
        Field("Task", line(card.task)),
        Field("Route", f"{line(d.route.route_name)} ({d.route.route})"),
        Field("Constraints", f"privacy {card.privacy}, budget {card.budget_level}, {commercial}"),
        Field("Model", line(d.model) if d.model else "none chosen", "" if d.model else "absent"),
        Field("Revision", line(model.revision) if model and model.revision else "unknown", "code"),
        Field("SHA-256 of the weights", line(d.model_sha256) if d.model_sha256 else "not known", "code"),
        Field("Packet", line(d.packet), "code"),
    )


def decision(d: DecisionFile) -> Decision:
    """The choice of the person; what the program recommended, allowed and refused stands beside it."""
    verdict = d.verdict
    stands = verdict is not None and d.verdict_current
    advice = f"{d.recommended}: {words(d.recommended_why, 1_000)}" if d.recommended else ""
    recommended = Field("The program recommended", advice or "nothing: the evidence for it is missing")
    shown: list[Field] = []
    if verdict is not None:
        by = _STOOD if verdict.accepted else "by the person"
        earlier = "" if stands else " of the earlier one"
        shown = [
            Field(f"Reason{earlier}", (words if verdict.accepted else line)(verdict.reason, 2_000)),
            Field("How it was decided", f"{by}, at {line(verdict.at)}"),
        ]
    return Decision(
        word=verdict.choice if verdict and stands else _NONE,
        stands=stands,
        sentence=_sentence(d),
        fields=(*shown, recommended, *_tried(d), *([Field("Cost so far", line(d.cost.text))] if d.cost else [])),
        options=Table(
            "What the evidence allowed, and why",
            (Cell("choice"), Cell("allowed"), Cell("why")),
            tuple(
                (Cell(o.choice), Cell("✓ yes", "good") if o.allowed else Cell("✗ no", "bad"), Cell(_why(o)))
                for o in d.options
            ),
        ),
        overrides=tuple(
            f"A refusal for {o.what} was overruled by the person at {line(o.at)}: {line(o.refusal)} "
            f"Reason given: {line(o.reason)}"
            for o in d.overrides
        ),
    )


def _why(option: Option) -> str:
    """Why a choice was allowed, or locked and what was to do about it."""
    return words(". ".join(filter(None, (option.why, option.way_out))), 1_000)


def _sentence(d: DecisionFile) -> str:
    if d.verdict is None:
        reason = next((item.fact.reason for item in d.completeness if item.id == "decision"), "")
        reason = line(reason or "nothing was decided, and no reason is on record")
        return f"{reason[0].upper()}{reason[1:]}."
    if not d.verdict_current:
        return f"None stands: an earlier one ({d.verdict.choice}) was made on other evidence than this packet holds."
    return _MEANING[d.verdict.choice]


def _tried(d: DecisionFile) -> Iterator[Field]:
    """Earlier evals, and what was tried against a failed one: LoRA needs both."""
    for base in d.baselines:
        gate = base.gate
        yield Field("Earlier eval", f"at {line(base.at)}: {gate.passed} of {gate.total} passed, {gate.gate}")
    for one in d.tried:
        what = "another prompt" if one.what == "prompt" else "text by retrieval (RAG)"
        result = f"; result: {line(one.result)}" if one.result else ""
        yield Field("Tried", f"{what} at {line(one.at)}: {line(one.note)}{result}")


def evidence(d: DecisionFile, unknown: int = 0) -> Table:
    """The list of evidence, with how each value is known. `unknown`: facts that are not owed, and not known."""
    held = sum(item.held and not item.disputed for item in d.completeness)
    more = f"; {unknown} not owed and not known, see What is missing" if unknown else ""
    return Table(
        f"{held} of {len(d.completeness)} held{more}",
        (Cell("evidence"), Cell("status"), Cell("value, or why it is missing"), Cell("source")),
        tuple(_item(item) for item in d.completeness),
        stacked=True,
    )


def _item(item: Item) -> tuple[Cell, ...]:
    fact = item.fact
    if not item.held:
        return Cell(item.title), Cell("✗ missing", "bad"), Cell(line(fact.reason)), Cell("none", "absent")
    if item.disputed:
        claims = "; ".join(f"{claim_text(claim)} says {claim.value}" for claim in fact.claims)
        return Cell(item.title), Cell("! disputed", "warn"), Cell(line(claims, 1_000)), Cell("sources disagree")
    shown = words(fact.text, 1_000) if item.id == "decision" else line(fact.text, 1_000)
    return Cell(item.title), Cell("✓ held", "good"), Cell(shown), Cell(fact_source(fact))


def fact_source(fact: Fact) -> str:
    """How a fact is known, and from where."""
    return claim_text(fact) if fact.status == "typed" else f"{fact.status}: {claim_text(fact)}"


def claim_text(said: Fact | Claim) -> str:
    """Source and place of a statement."""
    named = said.line is None or f"line {said.line}" in said.source
    return line(said.source) + ("" if named else f", line {said.line}")
