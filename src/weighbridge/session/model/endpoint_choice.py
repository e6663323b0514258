"""Choosing a model that a server answers for: https://host/v1#name, ollama:NAME, transformers:FOLDER."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable
from typing import TYPE_CHECKING

from weighbridge.domain.model.card import CardFacts
from weighbridge.domain.model.choice import ModelChoice
from weighbridge.services.endpoint.address import OLLAMA, TRANSFORMERS, is_served, parse
from weighbridge.services.model_file import Cancelled
from weighbridge.session.jobs.serving import require_near
from weighbridge.session.model.choosing import Chosen

if TYPE_CHECKING:
    from weighbridge.session.session import Session

LOOK_EVERY_S = 0.1


def is_served_spec(spec: str) -> bool:
    """Whether MODEL means a server; an address of the Hub does not."""
    return is_served(spec)


async def choose_served(session: Session, spec: str, cancelled: threading.Event) -> Chosen:
    """The model with what its server declares. BadInput, Cancelled, EndpointProblem, KeyNeeded, PlainHttp, Refused.

    The server is asked for its list and facts, and nothing of the person's is sent; where the inputs are private, one
    outside their network is not asked at all. One that is still loading is
    EndpointProblem with kind `loading`: ask again later.
    """
    asked = asyncio.ensure_future(_described(session, spec.strip()))
    try:
        while not (await asyncio.wait((asked,), timeout=LOOK_EVERY_S))[0]:
            if cancelled.is_set():
                raise Cancelled
        return Chosen(*asked.result())
    finally:
        asked.cancel()


def _described(session: Session, spec: str) -> Awaitable[tuple[ModelChoice, CardFacts] | Chosen]:
    """Modules of servers are imported only where one is chosen: their HTTP client takes a while."""
    private = session.run.constraints.privacy == "private_docs"
    if spec.lower().startswith(OLLAMA):
        from weighbridge.services.endpoint.ollama import api as ollama_api
        from weighbridge.services.endpoint.ollama import choice as ollama_choice

        require_near(session.run, ollama_api.address())
        return ollama_choice.describe(spec, private=private)
    if spec.lower().startswith(TRANSFORMERS):
        from weighbridge.session.model import transformers_model

        return transformers_model.describe(session, spec)
    from weighbridge.services.endpoint.openai import choice as openai_choice

    require_near(session.run, parse(spec).base_url)
    return openai_choice.describe(spec, session.deps.now())
