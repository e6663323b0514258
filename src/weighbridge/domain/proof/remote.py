"""What a server tells of itself. Every field that it does not tell is null, with the reason in `missing`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from weighbridge.domain.base import Record


class Connected(Record):
    """The server answers and knows the model. Its memory and speed are not known by this."""

    event: Literal["connected"] = "connected"
    t: float
    engine: str = Field(description="as it names itself or as its answers show, for example vllm; empty: not known")
    version: str = Field(default="", description="empty: not told")
    model: str = Field(description="the name that it answers to")
    models: tuple[str, ...] = Field(default=(), description="all that it lists, at most 100")
    max_model_len: int | None = Field(default=None, description="tokens of prompt and answer together")
    waited_s: float = Field(default=0.0, description="until it was ready, seconds")
    pid: int | None = Field(default=None, description="of the process that listens, where it is on this machine")
    facts: dict[str, str] = Field(default_factory=dict, description="what else it tells, name to text")
    missing: dict[str, str] = Field(default_factory=dict, description="what it does not tell, with the reason")


WAITING = "waiting "
"""How the source of a sample begins that only says for what a server is waited for."""


class ServerSample(Record):
    """What the server or its host tells of its load and memory at `t`."""

    event: Literal["server_sample"] = "server_sample"
    t: float
    source: str = Field(description="for example '/metrics of the server', 'Hugging Face Jobs'")
    memory_bytes: int | None = Field(default=None, description="main memory in use")
    gpu_memory_bytes: int | None = Field(default=None, description="in use, all GPUs together")
    gpu_memory_total_bytes: int | None = None
    gpu_percent: float | None = Field(default=None, description="mean of all GPUs, 0 to 100")
    cpu_percent: float | None = Field(default=None, description="percent of one core")
    kv_cache_percent: float | None = Field(default=None, description="of the KV cache in use, 0 to 100")
    running: int | None = Field(default=None, description="requests that are worked on")
    waiting: int | None = Field(default=None, description="requests that wait")
