"""What a panel says of a server in place of a child: its memory as it or its host tells it, or why nobody does."""

from __future__ import annotations

from weighbridge.domain.proof.live import LiveView
from weighbridge.domain.proof.live_server import LiveServer
from weighbridge.tui.widgets.figures import UNKNOWN, mib, number, percent

Figure = tuple[str, str]


def is_told(view: LiveView) -> bool:
    """Whether a server answers whose process is not read here: what is known of its memory it tells itself."""
    return view.server is not None and view.rss_bytes is None


def memory_rows(server: LiveServer) -> list[Figure]:
    """The figures that somebody told; a dash only for the memory itself."""
    rows = [
        ("GPU memory", _graphics(server)),
        ("GPU busy", percent(server.gpu_percent)),
        ("memory", mib(server.memory_bytes)),
        ("KV cache in use", percent(server.kv_cache_percent)),
        ("requests, waiting", _requests(server)),
    ]
    told = [(name, value) for name, value in rows if value not in ("", UNKNOWN)]
    return told or [("memory", UNKNOWN)]


def _graphics(server: LiveServer) -> str:
    """`18.6/22.4 GiB`: in use, and all there is."""
    used, total = server.gpu_memory_bytes, server.gpu_memory_total_bytes
    if used is None:
        return UNKNOWN
    return f"{used / 2**30:,.1f}{f'/{total / 2**30:,.1f}' if total else ''} GiB"


def _requests(server: LiveServer) -> str:
    if server.running is None:
        return UNKNOWN
    return f"{number(server.running)}, {number(server.waiting)}"


def server_words(server: LiveServer) -> str:
    """`vllm 0.33.0 · 3 models · 4,096 tokens`, for the frame of the answer."""
    parts = [
        server.engine or "engine not told",
        f"waited {server.waited_s:.1f} s" if server.waited_s and server.waited_s >= 1 else "",
        f"{server.max_model_len:,} tokens" if server.max_model_len else "",
    ]
    return " · ".join(part for part in parts if part)


def why_no_memory(server: LiveServer) -> str:
    """The reason where nothing tells its memory, and why its load is not told either; empty where something does.

    Both are told short enough for the panel; the whole sentence is that of the figures.
    """
    if server.memory_bytes or server.gpu_memory_bytes:
        return ""
    if not server.untold or not server.memory_missing:
        return server.memory_missing
    return f"The server does not tell it, and does not run on this machine. Its load neither: {server.untold}"
