"""How a model is to be served where it does not run on this machine: what the person chose, before anything starts."""

from __future__ import annotations

import re

from pydantic import Field, field_validator

from weighbridge.domain.base import Record
from weighbridge.domain.serving.rental import Engine

_HARDWARE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PART = r"[a-z0-9][a-z0-9._-]*"
_PIN = r"(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}|(:[\w.-]+)?@sha256:[0-9a-f]{64})"
_IMAGE = re.compile(rf"{_PART}(:\d+)?(/{_PART})*{_PIN}", re.A)


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

    @field_validator("hardware")
    @classmethod
    def _a_name(cls, value: str) -> str:
        if value and not _HARDWARE.fullmatch(value):
            raise ValueError("hardware is one name of the provider, such as l4x1: letters, digits, dots and dashes")
        return value

    @field_validator("image")
    @classmethod
    def _pinned(cls, value: str) -> str:
        if value and not _IMAGE.fullmatch(value):
            raise ValueError("an image is registry/name:tag, or registry/name@sha256: and 64 hex digits")
        return value
