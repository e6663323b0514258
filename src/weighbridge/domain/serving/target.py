"""The server that answers in place of the child on this machine. Never a key: that is asked for when it is sent."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from weighbridge.domain.base import Record

Api = Literal["openai", "ollama"]
Origin = Literal["given", "started", "rented"]


class Target(Record):
    """Where requests go. `model` is the name that the server knows it by."""

    api: Api
    base_url: str = Field(description="without user, query and last slash; empty where the server is yet to be started")
    model: str
    origin: Origin = Field(default="given", description="given by the person, started here, or rented by weighbridge")
    engine: str = Field(default="", description="vllm, sglang, transformers, ...; empty: the server is asked")
    job: str = Field(default="", description="the provider's id of the rented job; empty: it is not rented")
