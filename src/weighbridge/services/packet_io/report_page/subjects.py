"""The sections on the model, the plan and route, the machine, the recipe, and what was taken out."""

from __future__ import annotations

from collections.abc import Iterator

from weighbridge.domain.facts import Fact
from weighbridge.domain.model.card import FIELDS
from weighbridge.services.packet_io.contents import Contents
from weighbridge.services.packet_io.records.files import DecisionFile, RuntimeFile
from weighbridge.services.packet_io.report_page.head import claim_text, fact_source
from weighbridge.services.packet_io.report_page.units import fields, line
from weighbridge.services.packet_io.report_page.view import Cell, Field, Part, Table


def model(c: Contents) -> Part | None:
    """Which weights, and what their sources declare. None where no model was chosen."""
    m = c.model
    if m is None:
        return None
    names = ("repo", "revision", "file_name", "quantization", "architecture", "n_params", "size_bytes", "sha256")
    of_a_server = ("address", "served_name") if m.served_name else ()
    tables = [_card(c)] if c.card else []
    return Part(
        id="model",
        title="Model and licence",
        paragraphs=tuple(_licence(c)),
        fields=(
            *fields({name: getattr(m, name) for name in (*of_a_server, *names)}, m.missing),
            Field("source", line(m.source)),
            *(Field("digest", f"{line(row.sha256)}: {line(row.how)}") for row in m.digests),
        ),
        tables=tuple(tables),
    )


def _licence(c: Contents) -> Iterator[str]:
    if c.licence is None:
        return
    note = c.licence.note
    yield f"Licence class: {note.licence_class}. {line(note.note)} A note, not legal advice."
    use = "commercial use" if c.licence.commercial_use else "no commercial use"
    yield f"Stated use: {use}. {line(c.licence.refusal) or 'By this table nothing speaks against it.'}"


def _card(c: Contents) -> Table:
    return Table(
        "What the sources declare of the model",
        (Cell("fact"), Cell("value"), Cell("source")),
        tuple(_fact(field.title, getattr(c.card, field.name)) for field in FIELDS),
    )


def _fact(title: str, fact: Fact) -> tuple[Cell, ...]:
    if fact.status == "missing":
        return Cell(title), Cell(f"missing: {line(fact.reason)}", "absent"), Cell("none", "absent")
    if fact.status == "conflicting":
        claims = "; ".join(f"{claim.value} ({claim_text(claim)})" for claim in fact.claims)
        return Cell(title), Cell("sources disagree", "warn"), Cell(line(claims, 1_000))
    return Cell(title), Cell(line(fact.text)), Cell(fact_source(fact))


def plan(d: DecisionFile, runtime: RuntimeFile) -> Part | None:
    """What is planned and what was typed for it. None where it was run on this machine, and nothing was typed."""
    typed = runtime.plan.model_dump() if runtime.plan else {}
    if d.status != "planned":
        own = tuple(Field(name.replace("_", " "), line(value)) for name, value in typed.items() if value)
        return Part(id="plan", title="Typed by the person", fields=own) if own else None
    return Part(
        id="plan",
        title="The plan",
        paragraphs=("Nothing here has run. What the person typed for this route, and what it asks for:",),
        fields=(
            *(Field(name.replace("_", " "), line(value)) for name, value in typed.items() if value),
            Field("evidence of this route", line("; ".join(map(_owed, d.route.evidence)), 2_000)),
        ),
    )


def _owed(item: str) -> str:
    """The lesson names a table of five cases; how many there are is the policy's."""
    return "table of the fixed cases" if item == "five-case eval table" else item


def route(d: DecisionFile) -> Part:
    """Why this route and family, and what was turned down."""
    r = d.route
    return Part(
        id="route",
        title="Route and family",
        paragraphs=(f"{line(r.route_name)}: {line(r.goal)}.", f"{line(r.family.name)}: {line(r.family.why)}"),
        tables=(
            Table(
                "Families that were not chosen",
                (Cell("family"), Cell("reason")),
                tuple((Cell(line(one.name)), Cell(line(one.reason))) for one in r.rejected),
            ),
        ),
    )


def system(c: Contents, d: DecisionFile) -> Part | None:
    """The machine and the engine's parameters. None where system.json is not at hand."""
    if c.system is None:
        return None
    here = "the machine that made the plan" if d.status == "planned" else "without host or user name"
    return Part(
        id="system",
        title="System",
        paragraphs=(f"Names are MLPerf's for the machine and llama-bench's for the engine; {here}.",),
        fields=fields(c.system.model_dump(exclude={"missing"}), c.system.missing),
    )


def recipe(c: Contents) -> Part | None:
    """What the proof was run with: threads, seed, digests. None where there is no recipe."""
    r = c.recipe
    if r is None:
        return None
    settings = {f"settings.{name}": value for name, value in r.settings.model_dump().items()}
    settings |= {name: None for name in settings if name in r.missing}
    outer = r.model_dump(exclude={"missing", "settings", "prompt", "schema_version", "cpu_features", "system_info"})
    digests = {"cases_digest": c.policy.policy.cases_digest} if c.policy else {}
    return Part(
        id="recipe",
        title="Recipe",
        paragraphs=("weighbridge prove --from . runs this again, and says which answers are equal and what differs.",),
        fields=fields({**outer, **settings, **digests, "cpu_features": r.cpu_features}, r.missing),
    )


def taken_out(c: Contents) -> Part | None:
    """What was taken out of the records before they were written, and where its labels stand."""
    if c.redactions is None:
        return None
    rows = c.redactions.replaced
    found = Table(
        "Labels in place of what was taken out",
        (Cell("label"), Cell("what"), Cell("file"), Cell("times", "number")),
        tuple(
            (Cell(line(row.label)), Cell(row.kind), Cell(line(row.file)), Cell(f"{row.count:,}", "number"))
            for row in rows
        ),
    )
    return Part(
        id="redactions",
        title="What was taken out",
        paragraphs=(line(c.redactions.rule, 1_000), *(() if rows else ("Nothing had to be taken out.",))),
        tables=(found,) if rows else (),
    )
