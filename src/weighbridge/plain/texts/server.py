"""What a server told of itself while a job ran, as rows; what nobody told stands there with the reason."""

from __future__ import annotations

from weighbridge.domain.proof.measure import JobFigures
from weighbridge.plain.texts.figures import counted, mib, seconds, table

_UNTOLD = "not known: it does not tell"


def server_rows(figures: JobFigures) -> list[tuple[str, str]]:
    """Name and text; empty where a child on this machine answered."""
    server = figures.server
    if server is None:
        return []
    by = f" (by {', '.join(server.sources)})" if server.sources else ""
    gpu = mib(server.gpu_memory_bytes) if server.gpu_memory_bytes is not None else ""
    if gpu and server.gpu_memory_total_bytes is not None:
        gpu += f" of {mib(server.gpu_memory_total_bytes)}"
    told = {
        "peak memory": mib(server.memory_bytes) if server.memory_bytes is not None else "",
        "peak GPU memory": gpu,
        "KV cache in use, peak": f"{server.kv_cache_percent:.0f} %" if server.kv_cache_percent is not None else "",
        "requests, peak": f"{server.running} worked on" if server.running is not None else "",
        "queue, peak": f"{server.waiting} waiting" if server.waiting is not None else "",
    }
    rows = [
        ("engine", server.name),
        ("model", server.model or _UNTOLD),
        ("longest context", counted(server.max_model_len, "token") if server.max_model_len else _UNTOLD),
        *([("waited until ready", seconds(server.waited_s))] if server.waited_s is not None else []),
        *([("process here", f"{server.pid}")] if server.pid is not None else []),
        *((name, f"{text}{by}" if text else "not told by any source") for name, text in told.items()),
    ]
    if server.memory_missing:
        rows.append(("memory", f"not known: {server.memory_missing}"))
    return rows + [("! doubt", said) for said in server.doubts]


def server_part(figures: JobFigures) -> list[str]:
    """The rows below their heading; nothing where there are none."""
    rows = server_rows(figures)
    return [f"Server\n{table(rows)}"] if rows else []
