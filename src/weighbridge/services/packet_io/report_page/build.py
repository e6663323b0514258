"""The view of a packet from its records, section by section in the order of the page."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from weighbridge.domain.model.card import FIELDS
from weighbridge.domain.proof.events import Event
from weighbridge.services.packet_io.contents import Contents
from weighbridge.services.packet_io.records.elsewhere import ServerFile
from weighbridge.services.packet_io.records.files import DecisionFile, RuntimeFile
from weighbridge.services.packet_io.report_page import cases, elsewhere, head, parts, subjects
from weighbridge.services.packet_io.report_page.latency import first_token_plot, token_gap_plot
from weighbridge.services.packet_io.report_page.memory import memory_plot
from weighbridge.services.packet_io.report_page.units import line
from weighbridge.services.packet_io.report_page.view import Link, Part, Plot, View

PATH = "data/report.html"
_UNLISTED = ("schemas/", "logs/", "report.html")
"""Folders with many files, and the page itself."""


def view_of(c: Contents) -> View:
    """ValueError where decision.json or runtime.json is not at hand."""
    d, runtime = c.decision, c.runtime
    if d is None or runtime is None:
        raise ValueError("data/decision.json and data/runtime.json cannot both be read")
    plots = tuple(_plots(c, runtime))
    planned = d.status == "planned"
    before = [subjects.plan(d, runtime), parts.proof(runtime), *elsewhere.sections(c)]
    after = [
        parts.conditions(d, runtime),
        subjects.model(c),
        subjects.route(d),
        subjects.system(c, d),
        subjects.recipe(c),
        subjects.taken_out(c),
    ]
    return View(
        title=f"{'Plan' if planned else 'Evidence packet'}: {line(d.model, 120) if d.model else 'no model chosen'}",
        lead=head.lead(d),
        facts=head.facts(c, d),
        decision=head.decision(d),
        evidence=head.evidence(d, len(_not_owed(c))),
        results=cases.results(c, d),
        before=tuple(part for part in before if part),
        plots=plots,
        no_plots="" if plots else "Nothing was measured, so there is nothing to draw.",
        after=tuple(part for part in after if part),
        missing=tuple(_missing(c, d, runtime)),
        files=tuple(_files(c)),
    )


def _plots(c: Contents, runtime: RuntimeFile) -> Iterator[Plot]:
    """Memory and token gaps of the proof, first tokens of the cases; each only where there is something to draw."""
    job: tuple[Event, ...] = c.jobs.get(runtime.proof.job_id, ()) if runtime.proof else ()
    proof = runtime.proof.figures.noise if runtime.proof else None
    of_eval = c.decision.evaluation.noise if c.decision and c.decision.evaluation else None
    for plot in (memory_plot(job, runtime), first_token_plot(c.results, of_eval), token_gap_plot(job, proof)):
        if plot is not None:
            yield plot


def _files(c: Contents) -> Iterator[Link]:
    """The other files below data/, as addresses beside the page."""
    for name in sorted(c.present):
        beside = name.removeprefix("data/")
        if beside != name and not beside.startswith(_UNLISTED):
            yield Link(f"./{quote(beside)}", line(beside))


def _not_owed(c: Contents) -> tuple[str, ...]:
    """What a model card tells and the list of evidence does not ask for, where nobody has told it."""
    facts = [(one.title, getattr(c.card, one.name)) for one in FIELDS if one.name != "licence"] if c.card else []
    found = [f"{title}: {line(fact.reason)}" for title, fact in facts if fact.status == "missing"]
    if c.model and c.model.card.file is None:
        why = c.model.card.missing.get("file", "no reason is on record")
        found.append(f"Model card: {line(why)}")
    return tuple(found)


def _untold(server: ServerFile | None) -> dict[str, str]:
    """What the packet does not know of the server, and what the server itself does not tell."""
    if server is None:
        return {}
    return {**server.missing, **(server.connected.missing if server.connected else {})}


def _missing(c: Contents, d: DecisionFile, runtime: RuntimeFile) -> Iterator[Part]:
    """What the packet does not hold, with the reasons, by where it would stand."""
    listed = [f"{item.title}: {line(item.fact.reason)}" for item in d.completeness if not item.held]
    yield Part("missing-list", "From the list of evidence", items=tuple(listed) or ("nothing",))
    if unknown := _not_owed(c):
        yield Part("missing-card", "Not owed, and not known", items=unknown)
    told = dict(runtime.sensors.missing) if runtime.sensors else {}
    for one in runtime.conditions:
        told |= one.missing
    places = {
        "Of the run": runtime.missing,
        "What this system does not tell": told,
        "Of the system": c.system.missing if c.system else {},
        "Of the model": c.model.missing if c.model else {},
        "Of the recipe": c.recipe.missing if c.recipe else {},
        "Of the server": _untold(c.server),
        "Of the notebook": c.notebook.missing if c.notebook else {},
    }
    for number, (title, gaps) in enumerate(places.items(), 1):
        if gaps:
            items = tuple(f"{line(name)}: {line(why)}" for name, why in gaps.items())
            yield Part(f"missing-{number}", title, items=items)
    if runtime.jobs_left_out:
        count = runtime.jobs_left_out
        yield Part("missing-jobs", "Of earlier jobs", items=(f"{count:,} earlier jobs are not in events.jsonl",))
