"""The files of a packet that are made of its records: texts for people, tables, other programs' formats, schemas.

The writer makes them from the records it is about to write, and `verify` makes them again from those it has read, so
that none of them can say anything else than the records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial

from weighbridge.domain.proof.events import ServerSample
from weighbridge.services.packet_io import csv_rows, report_page
from weighbridge.services.packet_io.contents import Contents
from weighbridge.services.packet_io.forecast_rows import forecast_csv
from weighbridge.services.packet_io.formats import bagit_profile, cyclonedx, in_toto, inspect_log
from weighbridge.services.packet_io.json_text import json_text
from weighbridge.services.packet_io.notes.first_run import first_run
from weighbridge.services.packet_io.notes.licence import licence_note
from weighbridge.services.packet_io.notes.owed import LORA_PATH, PRIVATE_PATH, lora_note, private_note
from weighbridge.services.packet_io.notes.shutdown import route_plan, shutdown
from weighbridge.services.packet_io.owed import is_lora, is_private
from weighbridge.services.packet_io.readme.readme import readme
from weighbridge.services.packet_io.rebuild import run_of
from weighbridge.services.packet_io.records.files import SCHEMAS
from weighbridge.services.tables import load_tables

README = "data/README.md"
Page = tuple[str, Callable[[], str]]
"""A path, and what makes its text: who asks for the names alone makes none."""


@cache
def schema(name: str) -> str:
    """The JSON Schema of one of our own files, as a packet holds it."""
    return json_text(SCHEMAS[name].json_schema(), 1) + "\n"


def texts(c: Contents) -> Iterator[Page]:
    """Everything but the README that needs no events."""
    if c.card:
        yield "data/model/LICENSE-NOTE.md", partial(licence_note, c)
    if c.runtime and c.runtime.proof:
        yield "data/first-run.md", partial(first_run, c.runtime, c.recipe, c.rentals)
    if c.runtime and c.runtime.forecast_against_measured is not None:
        yield "data/resources/forecast.csv", partial(forecast_csv, c.runtime.forecast_against_measured)
    if c.decision and c.decision.status == "planned" and c.decision.constraints.available_route != "local_cpu":
        route = load_tables().route(c.decision.constraints.available_route)
        plan = partial(route_plan, run_of(c), c.decision.completeness, route)
        yield f"data/route/{route.id}.md", plan
    if c.decision and is_private(c.decision):
        yield PRIVATE_PATH, partial(private_note, c)
    if c.decision and is_lora(c.decision):
        yield LORA_PATH, partial(lora_note, c)
    yield from _formats(c)
    for name in SCHEMAS:
        yield f"data/schemas/{name}.schema.json", partial(schema, name)


def _formats(c: Contents) -> Iterator[Page]:
    """What other programs read, as far as it needs no events."""
    if in_toto.has_statement(c):
        yield in_toto.PATH, partial(in_toto.statement, c)
    if c.decision and c.model:
        yield cyclonedx.PATH, partial(cyclonedx.mlbom, c)
    if c.decision:
        yield bagit_profile.PATH, partial(bagit_profile.profile, c.decision.route.route, bagit_profile.way_of(c))


def tables(c: Contents) -> Iterator[Page]:
    """What is made of the events."""
    jobs = list(c.jobs.values())
    if jobs:
        yield "data/shutdown.md", partial(shutdown, c)
        yield "data/resources/requests.csv", lambda: csv_rows.as_csv(csv_rows.REQUESTS, csv_rows.request_rows(c))
        yield "data/resources/samples.csv", lambda: csv_rows.as_csv(csv_rows.SAMPLES, csv_rows.sample_rows(jobs))
    if any(isinstance(event, ServerSample) for event in c.events):
        yield "data/resources/server-samples.csv", partial(csv_rows.server_csv, jobs)
    if log := inspect_log.log_name(c):
        yield log, partial(inspect_log.inspect_log, c)


def report(c: Contents) -> Page:
    """The page for a browser: of all records, the events among them."""
    return report_page.PATH, partial(report_page.page, c)


def read_me(c: Contents) -> Page:
    """The README: it lists the other files, so that it comes last."""
    return README, partial(readme, c)


def names(c: Contents) -> set[str]:
    """The paths of all files that the records give."""
    return {README, report_page.PATH, *(name for name, _ in texts(c)), *(name for name, _ in tables(c))}
