"""Waits while a server loads its model, with a limit, and tells each second what it says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import NamedTuple

from weighbridge.domain.proof.remote import WAITING, ServerSample
from weighbridge.domain.proof.runtime import Clock
from weighbridge.services.endpoint.client import Client
from weighbridge.services.endpoint.problems import EndpointProblem
from weighbridge.services.endpoint.server_facts import Listed, listed

ASK_EVERY_S = 1.0
_NO_LIST = ("not_found", "server_error", "nonsense")


class Patience(NamedTuple):
    """Seconds until it is given up. `unreachable_s`: nothing listens. `loading_s`: it says that it is not ready."""

    unreachable_s: float = 5.0
    loading_s: float = 900.0
    ask_every_s: float = ASK_EVERY_S


async def until_ready(
    client: Client, clock: Clock, patience: Patience
) -> AsyncGenerator[ServerSample | tuple[Listed, ...], None]:
    """A sample for each question that found the server not ready; in the end its model list.

    Where its patience ends: EndpointProblem with how long was waited. Any other failure is told at once. May be
    cancelled at any moment.
    """
    began = clock()
    while True:
        try:
            yield await models_of(client)
            return
        except EndpointProblem as problem:
            limit = {"unreachable": patience.unreachable_s, "loading": patience.loading_s}.get(problem.kind)
            waited = clock() - began
            if limit is None:
                raise
            if waited >= limit:
                raise EndpointProblem(problem.kind, f"{problem} Waited {waited:.1f} s.", problem.hint) from None
            yield ServerSample(t=clock(), source=f"{WAITING}{waited:.0f} of at most {limit:g} s: {problem}")
        await asyncio.sleep(patience.ask_every_s)


async def models_of(client: Client) -> tuple[Listed, ...]:
    """The model list of a server that is ready; empty where it is ready and has none to show. EndpointProblem."""
    try:
        models = listed(await client.get("models"))
    except EndpointProblem as problem:
        if problem.kind not in _NO_LIST or not await _healthy(client):
            raise
        return ()
    await _healthy(client)
    return models


async def _healthy(client: Client) -> bool:
    """Whether /health says so; a web page says nothing. Raises the problem where the server is still loading."""
    try:
        return not (await client.text("/health")).lstrip().startswith("<")
    except EndpointProblem as problem:
        if problem.kind == "loading":
            raise
        return False
