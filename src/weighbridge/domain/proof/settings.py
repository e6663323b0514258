"""How a model is run. Every field is evidence: two runs compare only where these agree."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from weighbridge.domain.base import Record

KvType = Literal["f16", "q8_0"]
"""Types of the KV cache. llama.cpp takes a quantized one with flash attention only."""


class RuntimeSettings(Record):
    """Settings of the engine for one proof or eval."""

    n_ctx: int = Field(default=2048, ge=64, le=16_777_216, description="context length, tokens")
    n_threads: int = Field(default=1, ge=1, le=1024, description="threads for prefill and decode alike")
    n_batch: int = Field(default=512, ge=1, le=65_536, description="tokens submitted to one decode call")
    kv_type: KvType = Field(default="f16", description="type of the KV cache, f16 or q8_0")
    max_tokens: int = Field(default=128, ge=1, le=1_000_000, description="most tokens of one answer")
    temperature: float = Field(default=0.0, ge=0.0, le=5.0, description="0 takes the likeliest token")
    seed: int = Field(default=1234, ge=0, le=4_294_967_294, description="seed of the sampler")


class Request(Record):
    """One prompt for the model. `id` is unique within a job; `case` names the eval case, if it is one."""

    id: str
    prompt: str
    case: str = ""
    warmup: bool = False
    max_tokens: int | None = Field(default=None, ge=1, description="overrides the settings for this request")
