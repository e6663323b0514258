"""What a server told of itself while one job ran, folded into one record: facts, memory, load, doubts, how it ended.

Its figures stand beside ours and are never mixed with them: latency is what the client saw, memory is what the server
or its host said, or what the operating system says where the process is on this machine.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from weighbridge.domain.base import Record
from weighbridge.domain.proof.events import Attempt, Completed, Connected, Event, Sample, ServerSample, Spawned, Stopped

NO_MEMORY = "no source told the memory of the server: it gives no metrics of it, and its process is not on this machine"

_DOUBTS = 20
"""Sentences kept; each once."""
_PEAKS = ("memory_bytes", "gpu_memory_bytes", "gpu_memory_total_bytes", "kv_cache_percent", "running", "waiting")


class ServerFigures(Record):
    """Of the server behind one job. Null: not told; for memory `memory_missing` says why.

    The `*_bytes` and the other peaks are the largest that `sources` told while the job ran. `pieces`: of text that
    arrived, the warm-up left out: inter-token latencies are between them. `reused`: answers whose prompt kept a part
    of the server's cache, so that their TTFT is no cold one.
    """

    engine: str = Field(default="", description="as it names itself; empty: not known")
    version: str = ""
    model: str = Field(default="", description="the name that it answers to")
    max_model_len: int | None = Field(default=None, description="tokens of prompt and answer together")
    waited_s: float | None = Field(default=None, description="until it was ready, seconds")
    pid: int | None = Field(default=None, description="of its process, where that is on this machine")
    pieces: int = 0
    reused: int = 0
    memory_bytes: int | None = None
    gpu_memory_bytes: int | None = None
    gpu_memory_total_bytes: int | None = None
    kv_cache_percent: float | None = None
    running: int | None = None
    waiting: int | None = None
    sources: tuple[str, ...] = ()
    memory_sources: tuple[str, ...] = Field(default=(), description="those of the sources that told of memory")
    memory_missing: str = ""
    doubts: tuple[str, ...] = Field(default=(), description="what of its account does not add up")
    how: Literal["", "unloaded", "terminated", "killed", "crashed", "released", "left_running"] = Field(
        default="", description="how it was left; empty: no end of it is on record, or it never began"
    )

    @property
    def name(self) -> str:
        """Engine and version, as far as they are known."""
        return f"{self.engine} {self.version}".strip() or "a server that does not name its engine"


def no_memory(untold: Iterable[str]) -> str:
    """Why the memory of a server is not known. `untold`: why a source that tells of its load has nothing to tell."""
    return "; ".join((NO_MEMORY, *(f"its load is not told either: {why}" for why in untold)))


class ServerFold:
    """Takes the events of one attempt. Constant memory."""

    def __init__(self) -> None:
        self._served = False
        self._known: dict[str, object] = {}
        self._peaks: dict[str, float] = {}
        self._sources: dict[str, None] = {}
        self._memory_sources: dict[str, None] = {}
        self._doubts: dict[str, None] = {}
        self._untold: dict[str, None] = {}
        self._sampled = False
        self._pieces = self._reused = 0

    def add(self, event: Event) -> None:
        match event:
            case Attempt():
                self._served = event.target is not None
            case Connected():
                self._known |= event.model_dump(include={"engine", "version", "model", "max_model_len", "waited_s"})
                self._known["pid"] = event.pid if event.pid is not None else self._known.get("pid")
            case Spawned():
                self._known["pid"] = event.pid
            case Sample():
                self._sampled = True
            case ServerSample() if event.untold:
                self._untold[event.untold] = None
            case ServerSample():
                self._sample(event)
            case Completed():
                self._answer(event)
            case Stopped():
                self._known["how"] = "" if event.how == "left_running" and event.gone else event.how
            case _:
                pass

    def _sample(self, event: ServerSample) -> None:
        told = {name: value for name in _PEAKS if (value := getattr(event, name)) is not None}
        if told or event.gpu_percent is not None or event.cpu_percent is not None:
            self._sources[event.source] = None
        if "memory_bytes" in told or "gpu_memory_bytes" in told:
            self._memory_sources[event.source] = None
        for name, value in told.items():
            self._peaks[name] = max(value, self._peaks.get(name, value))

    def _answer(self, done: Completed) -> None:
        self._doubts |= dict.fromkeys(done.doubts)
        if not done.warmup:
            self._pieces += done.pieces or 0
            self._reused += done.reused_tokens > 0

    def figures(self) -> ServerFigures | None:
        """None for a child on this machine."""
        if not self._served:
            return None
        seen = self._sampled or "memory_bytes" in self._peaks or "gpu_memory_bytes" in self._peaks
        values = {
            **self._known,
            **self._peaks,
            "pieces": self._pieces,
            "reused": self._reused,
            "sources": tuple(self._sources),
            "memory_sources": tuple(self._memory_sources),
            "doubts": tuple(self._doubts)[:_DOUBTS],
            "memory_missing": "" if seen else no_memory(self._untold),
        }
        return ServerFigures.model_validate(values)
