"""The engine's own log: kept as evidence without this machine's folders, and read for buffer sizes."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field

_DEBUG, _ERROR, _CONTINUED = 1, 4, 5
"""ggml_log_level of ggml.h: NONE 0, DEBUG 1, INFO 2, WARN 3, ERROR 4, CONT 5 (the line before goes on)."""
_MIB = 1024 * 1024
_MODEL = re.compile(r"(\S+)\s+model buffer size\s*=\s*([\d.]+) MiB")
_KV = re.compile(r"(llama_kv_cache\S*|llama_memory_recurrent): size\s*=\s*([\d.]+) MiB")
_COMPUTE = re.compile(r"(\S+)\s+compute buffer size\s*=\s*([\d.]+) MiB")
_OUTPUT = re.compile(r"(\S+)\s+output buffer size\s*=\s*([\d.]+) MiB")
_WHERE = re.compile(r"^(?:\w+: |error loading model: )+")
_REPACKED = re.compile(r"AMX|REPACK|KLEIDIAI|AARCH64")
"""Names of buffers that hold weights in another layout than the file's."""


@dataclass(frozen=True)
class Buffers:
    """Sizes in bytes as the engine printed them (to 0.01 MiB); None where it printed none."""

    model: int | None
    repack: int | None
    kv: int | None
    compute: int | None
    output: int | None


def _bytes(sizes: list[str]) -> int | None:
    return round(sum(map(float, sizes)) * _MIB) if sizes else None


def read_buffers(log: str) -> Buffers:
    """Buffer sizes from the text of one load.

    Model and KV buffers add up (sliding-window models have two caches). A compute or output buffer is
    reserved anew under the same name, so the last line of each name counts.
    """
    model = _MODEL.findall(log)
    return Buffers(
        model=_bytes([size for name, size in model if not _REPACKED.search(name)]),
        repack=_bytes([size for name, size in model if _REPACKED.search(name)]),
        kv=_bytes([size for _, size in _KV.findall(log)]),
        compute=_bytes(list(dict(_COMPUTE.findall(log)).values())),
        output=_bytes(list(dict(_OUTPUT.findall(log)).values())),
    )


def says_repacked(log: str) -> bool:
    """Whether the log of a load, real or dry, names a buffer for weights in another layout than the file's."""
    return any(_REPACKED.search(name) for name, _ in _MODEL.findall(log))


@dataclass
class EngineLog:
    """Receives the engine's log, writes all but debug lines to standard error, keeps them for parsing."""

    hidden: tuple[tuple[str, str], ...]
    """Pairs (folder of this machine, what to write instead)."""
    text: str = ""
    errors: str = ""
    _level: int = field(default=_DEBUG)

    def receive(self, level: int, piece: bytes) -> None:
        """One piece as llama.cpp hands it over; a line may come in several."""
        if level != _CONTINUED:
            self._level = level
        if self._level > _DEBUG:
            written = self.write(piece.decode("utf-8", "replace"))
            self.errors += written if self._level == _ERROR else ""

    def write(self, piece: str) -> str:
        """Writes and keeps a piece without the hidden folders, and returns it."""
        for folder, instead in self.hidden:
            piece = piece.replace(folder, instead)
        self.text += piece
        os.write(2, piece.encode("utf-8", "replace"))
        return piece

    def reason(self) -> str:
        """The first error, which names the cause (later ones say what failed by it), without function names."""
        lines = (_WHERE.sub("", line).strip(" .") for line in self.errors.splitlines())
        return next(filter(None, lines), "it gives no reason")

    def last_line(self) -> str:
        """The last line that says something."""
        lines = [line.strip() for line in self.text.splitlines()]
        return next((line for line in reversed(lines) if line.strip(".")), "")
