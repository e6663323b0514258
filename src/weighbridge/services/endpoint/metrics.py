"""What an inference server tells of its load at /metrics, in the text format of Prometheus.

Names: llama-server (`--metrics`), vLLM (usage/metrics of its documentation) and SGLang (`--enable-metrics`,
references/production_metrics). Shares are 0 to 1 there and percentages here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from weighbridge.domain.problems import Problem
from weighbridge.domain.proof.remote import UNTOLD, ServerSample
from weighbridge.domain.proof.runtime import Clock
from weighbridge.services.endpoint.address import root
from weighbridge.services.endpoint.client import Client

SOURCE = "/metrics of the server"
MOST_BYTES = 4 * 1024 * 1024
"""A page of metrics is some hundred kilobytes at most."""


class _Names(NamedTuple):
    """Metrics of one engine, the present name first."""

    running: str
    waiting: str
    kv_share: tuple[str, ...]


_NAMES = {
    "llama.cpp": _Names(
        "llamacpp:requests_processing", "llamacpp:requests_deferred", ("llamacpp:kv_cache_usage_ratio",)
    ),
    "vllm": _Names(
        "vllm:num_requests_running",
        "vllm:num_requests_waiting",
        ("vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"),
    ),
    "sglang": _Names("sglang:num_running_reqs", "sglang:num_queue_reqs", ("sglang:token_usage",)),
}
_WANTED = tuple(name for names in _NAMES.values() for name in (names.running, names.waiting, *names.kv_share))
_RANKS = ("tp_rank", "pp_rank")
"""Labels of SGLang: every rank of a parallel group may tell the same figure, so that only the first counts."""
_HOW = {"sglang": "it is started with --enable-metrics for that", "llama.cpp": "it is started with --metrics for that"}


class Load(NamedTuple):
    """Requests that are worked on and that wait; percent of the KV cache in use. None: not told."""

    running: int | None
    waiting: int | None
    kv_cache_percent: float | None


class ServerMetrics:
    """A Telemetry that gives `ServerSample`s. `base_url`: of the API, with or without /v1. `engine`: if known."""

    def __init__(self, client: Client, base_url: str, engine: str, clock: Clock) -> None:
        self._client = client
        self._address = f"{root(base_url)}/metrics"
        self._engine = engine
        self._clock = clock
        self.missing = ""
        """Why there are no samples; empty where there are, or where nothing was asked yet."""

    async def read(self) -> ServerSample | None:
        """The server's load at this moment. Where it does not tell, that is said once, and it is asked no more."""
        if self.missing:
            return None
        try:
            text = await self._client.text(self._address, most_bytes=MOST_BYTES)
        except Problem as problem:
            return self._untold(f"/metrics does not answer ({str(problem).rstrip('.')})")
        load = load_of(text)
        if load is None:
            return self._untold("/metrics has no figures of a server that is known here")
        return ServerSample(t=self._clock(), source=SOURCE, **load._asdict())

    def _untold(self, why: str) -> ServerSample:
        how = _HOW.get(self._engine)
        self.missing = f"{why}; {how}" if how else why
        return ServerSample(t=self._clock(), source=f"{UNTOLD}{self.missing}")


def load_of(text: str) -> Load | None:
    """The load that a page of metrics tells; None where it has none of the known names, or is no such page.

    Only lines of use are parsed: a page has thousands of others, and it is read once a second.
    """
    from prometheus_client.parser import text_string_to_metric_families

    lines = [line for line in text.splitlines() if line.startswith(_WANTED)]
    values: dict[str, list[float]] = {}
    try:
        for family in text_string_to_metric_families("".join(line + "\n" for line in lines)):
            for sample in family.samples:
                if all(sample.labels.get(rank, "0") == "0" for rank in _RANKS):
                    values.setdefault(sample.name, []).append(sample.value)
    except ValueError:
        return None
    for names in _NAMES.values():
        shares = next((values[name] for name in names.kv_share if name in values), [])
        if names.running in values or names.waiting in values or shares:
            return Load(_sum(values.get(names.running)), _sum(values.get(names.waiting)), _percent(shares))
    return None


def _sum(values: Iterable[float] | None) -> int | None:
    """Over all engines behind one address; None for what no count can be."""
    total = None if values is None else sum(values)
    return None if total is None or not 0 <= total < 1e9 else round(total)


def _percent(shares: list[float]) -> float | None:
    """Mean over the engines behind one address."""
    share = sum(shares) / len(shares) if shares else -1.0
    return round(100 * share, 2) if 0 <= share <= 1 else None
