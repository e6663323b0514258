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
    hours: float = Field(
        default=1.0,
        ge=0.1,
        le=168,
        exclude_if=lambda hours: hours == 1.0,
        description="hours after which an exported task takes everything down",
    )
    gpu_memory_gb: float | None = Field(
        default=None,
        gt=0,
        le=100_000,
        exclude_if=lambda gb: gb is None,
        description="GPU memory of the model as a whole, GB, where the Hub does not tell sizes",
    )
