"""What a server tells of itself. Every field that it does not tell is null, with the reason in `missing`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from weighbridge.domain.base import Record

KeyUse = Literal["not recorded", "none", "encrypted", "near", "unencrypted"]
"""How an API key goes to a server, never which: over https; over plain http within this machine or its private network;
over plain http to a public host, which the person agreed to."""


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
    key: KeyUse = Field(default="not recorded", description="how an API key goes to it; never the key")
    facts: dict[str, str] = Field(default_factory=dict, description="what else it tells, name to text")
    missing: dict[str, str] = Field(default_factory=dict, description="what it does not tell, with the reason")


WAITING = "waiting "
"""How the source of a sample begins that only says for what a server is waited for, and how long still."""
ASKED_AGAIN = "asked again"
"""The source of a sample that only says that such a wait is over: the request is with the server once more."""
UNTOLD = "not told: "
"""How the source of a sample begins that only says why a source has nothing to tell."""


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

    @property
    def wait(self) -> str:
        """`0 of at most 30 s: the server is full (429). Asked again in 7 s.`; empty where it is no wait."""
        return self.source.removeprefix(WAITING) if self.source.startswith(WAITING) else ""

    @property
    def untold(self) -> str:
        """Why its source tells nothing; empty where it tells something, or only of a wait."""
        return self.source.removeprefix(UNTOLD) if self.source.startswith(UNTOLD) else ""

    @property
    def tells(self) -> bool:
        """Whether there is a figure in it."""
        return not (self.wait or self.untold or self.source == ASKED_AGAIN)
