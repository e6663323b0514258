"""How a model is to be served where it does not run on this machine: what the person chose, before anything starts."""

from __future__ import annotations

from pydantic import Field

from weighbridge.domain.base import Record
from weighbridge.domain.serving.rental import Engine


class ServePlan(Record):
    """Empty text and null: not chosen. `image` empty: the pinned one of the engine (data/servers.toml)."""

    engine: Engine = Field(default="vllm", description="server that is started: vllm or sglang")
    hardware: str = Field(default="", description="what to rent, by the provider's name: l4x1, a10g-small, ...")
    image: str = Field(default="", description="container image with its tag")
    max_model_len: int = Field(default=4096, ge=128, le=16_777_216, description="tokens of prompt and answer together")
    cap_usd: float | None = Field(default=None, gt=0, le=100_000, description="most that may be spent, US dollars")
