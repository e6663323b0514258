"""The steps of a load test, computed again from its requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from weighbridge.domain.load.records import LoadRecord, LoadRequest
from weighbridge.domain.load.step import step_of
from weighbridge.domain.serving.target import Target
from weighbridge.services.packet_io.contents import Contents

LOAD, REQUESTS = "data/load.json", "data/load.jsonl"


def check_load(c: Contents) -> Iterator[str]:
    """The record against its requests, the server and the cases of the packet."""
    load, requests = c.load, c.load_requests
    if load is None:
        if requests:
            yield f"{LOAD} is missing, and {REQUESTS} is there"
        return
    if c.server is not None and (load.target.base_url, load.target.model) not in set(_servers(c, c.server.target)):
        yield f"{LOAD}: it was measured against another server or model than data/server.json names"
    if load.inputs:
        yield f"{LOAD}: inputs is a digest that nothing in a packet gives"
    cases = {case.id for case in c.cases}
    if c.policy and load.cases_digest == c.policy.policy.cases_digest:
        for name in sorted({one.case for one in requests} - cases):
            yield f"{REQUESTS}: {name!r} is no case of the packet"
    yield from _steps(load, requests)
    for number, one in enumerate(requests, 1):
        yield from (f"{REQUESTS}, line {number}: {problem}" for problem in _request(one, load))


def _servers(c: Contents, present: Target) -> Iterator[tuple[str, str]]:
    """Address and model of what a load test may have been measured on: the server, and every one that was rented."""
    yield present.base_url, present.model
    for row in c.rentals.rows if c.rentals else ():
        yield row.rental.endpoint, row.rental.order.repo


def _steps(load: LoadRecord, requests: Sequence[LoadRequest]) -> Iterator[str]:
    """Every figure of every step from its requests; none stands twice, and none was not asked for."""
    seen = [step.concurrency for step in load.steps]
    if seen != list(dict.fromkeys(seen)) or not set(seen) <= set(load.ladder):
        yield f"{LOAD}: the steps {seen} are not those of the ladder {list(load.ladder)}, each once"
    for step in load.steps:
        own = [one for one in requests if one.concurrency == step.concurrency]
        right = step_of(step.concurrency, step.planned, own)
        for field in type(step).model_fields:
            if getattr(step, field) != getattr(right, field):
                yield f"{LOAD}: {field} at {step.concurrency} is not what the requests of {REQUESTS} give"


def _request(one: LoadRequest, load: LoadRecord) -> Iterator[str]:
    if one.load != load.id:
        yield f"it is of another load test, {one.load!r}"
    if one.concurrency not in load.ladder:
        yield f"{one.concurrency} requests at once were not asked for"
    times = (one.t_start, *one.t_pieces, one.t_end)
    if any(later < earlier for earlier, later in pairwise(times)):
        yield "its times do not go forward"
