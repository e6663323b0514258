"""What the live panel shows of a server: its facts, its load, and its memory over time as it or its host tells it."""

from __future__ import annotations

from dataclasses import dataclass, field

from weighbridge.domain.proof.events import Attempt, Connected, Event, Sample, ServerSample
from weighbridge.domain.proof.server_fold import NO_MEMORY
from weighbridge.domain.proof.timeline import Point, Series


@dataclass(frozen=True)
class LiveServer:
    """What is known of the server at this moment. None: not told. Bytes, seconds; percentages as in `ServerSample`."""

    address: str
    origin: str
    """given, started or rented"""
    model: str
    engine: str = ""
    """With its version; empty: not known."""
    models: int | None = None
    """How many it lists."""
    max_model_len: int | None = None
    waited_s: float | None = None
    wait: str = ""
    """`waiting 3 of at most 30 s: it is full (429). Asked again in 7 s.`; empty while nothing is waited for."""
    pid: int | None = None
    facts: tuple[tuple[str, str], ...] = ()
    missing: tuple[tuple[str, str], ...] = ()
    """What it does not tell, with the reason."""
    source: str = ""
    """Who told the newest figures below; empty: nobody has."""
    memory_bytes: int | None = None
    gpu_memory_bytes: int | None = None
    gpu_memory_total_bytes: int | None = None
    gpu_percent: float | None = None
    cpu_percent: float | None = None
    kv_cache_percent: float | None = None
    running: int | None = None
    waiting: int | None = None
    untold: str = ""
    """Why its metrics tell nothing of its load; empty where they do, or were not asked yet."""
    memory_missing: str = NO_MEMORY
    """Why there is no trace of memory; empty as soon as there is one."""
    traced: str = ""
    """What `trace` is of: GPU memory, or memory; empty: nothing."""
    trace: tuple[Point, ...] = ()
    """(t, bytes)"""


@dataclass
class ServerMeter:
    """Takes the events of a job. `view()` is None while a child of this machine answers."""

    _known: dict[str, object] = field(default_factory=dict)
    _series: Series = field(default_factory=Series)
    _traced: str = ""

    def add(self, event: Event) -> None:
        match event:
            case Attempt():
                self._known, self._series, self._traced = {}, Series(), ""
                if event.target is not None:
                    target = event.target
                    self._known = {"address": target.base_url, "origin": target.origin, "model": target.model}
            case Connected():
                self._known["wait"] = ""
                self._connected(event)
            case ServerSample() if event.tells:
                self._sample(event)
            case ServerSample() if event.untold:
                self._known["untold"] = event.untold
            case ServerSample():
                self._known["wait"] = event.source if event.wait else ""
            case Sample() if self._known:
                self._known["memory_missing"] = ""
            case _ if self._known:
                self._known["wait"] = ""
            case _:
                pass

    def _connected(self, event: Connected) -> None:
        self._known |= event.model_dump(include={"model", "max_model_len", "waited_s", "pid"})
        self._known |= {
            "engine": f"{event.engine} {event.version}".strip(),
            "models": len(event.models) or None,
            "facts": tuple(event.facts.items()),
            "missing": tuple(event.missing.items()),
        }

    def _sample(self, event: ServerSample) -> None:
        told = event.model_dump(exclude={"event", "t"})
        self._known |= {name: value for name, value in told.items() if value is not None}
        graphics = event.gpu_memory_bytes is not None
        size = event.gpu_memory_bytes if graphics else event.memory_bytes
        if size is None or (self._traced == "GPU memory" and not graphics):
            return
        traced = "GPU memory" if graphics else "memory"
        if traced != self._traced:
            self._series, self._traced = Series(), traced
        self._known["memory_missing"] = ""
        self._series.add(event.t, float(size))

    def view(self) -> LiveServer | None:
        if not self._known:
            return None
        return LiveServer(**self._known, traced=self._traced, trace=tuple(self._series.points))  # type: ignore[arg-type]
