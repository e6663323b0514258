"""The engine's own log: kept as evidence without this machine's folders, and read for buffer sizes."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import Any

from weighbridge.domain.text import clean_line

_DEBUG, _ERROR, _CONTINUED = 1, 4, 5
"""ggml_log_level of ggml.h: NONE 0, DEBUG 1, INFO 2, WARN 3, ERROR 4, CONT 5 (the line before goes on)."""
_MIB = 1024 * 1024
_MODEL = re.compile(r"(\S+)\s+model buffer size\s*=\s*([\d.]+) MiB")
_KV = re.compile(r"(llama_kv_cache\S*|llama_memory_recurrent): size\s*=\s*([\d.]+) MiB")
_COMPUTE = re.compile(r"(\S+)\s+compute buffer size\s*=\s*([\d.]+) MiB")
_OUTPUT = re.compile(r"(\S+)\s+output buffer size\s*=\s*([\d.]+) MiB")
_DEVICE_KV = re.compile(r"(\S+)\s+(?:KV|RS) buffer size\s*=\s*([\d.]+) MiB")
_OFFLOADED = re.compile(r"offloaded (\d+)/(\d+) layers to GPU")
_WHERE = re.compile(r"^(?:\w+: |error loading model: )+")
_REPACKED = re.compile(r"AMX|REPACK|KLEIDIAI|AARCH64")
"""Names of buffers that hold weights in another layout than the file's."""
_IN_MAIN_MEMORY = re.compile(r"CPU|BLAS|\S+_Host$")
"""Names of other buffers in main memory; that of a GPU is named after the device: CUDA0, Vulkan0, Metal_Mapped."""


@dataclass(frozen=True)
class Buffers:
    """Sizes in main memory, bytes, as the engine printed them (to 0.01 MiB); None where it printed none."""

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
    model = [found for found in _MODEL.findall(log) if not _on_device(found[0])]
    kv = _bytes([size for _, size in _KV.findall(log)])
    on_devices = _bytes([size for name, size in _DEVICE_KV.findall(log) if _on_device(name)]) or 0
    return Buffers(
        model=_bytes([size for name, size in model if not _REPACKED.search(name)]),
        repack=_bytes([size for name, size in model if _REPACKED.search(name)]),
        kv=None if kv is None else max(0, kv - on_devices),
        compute=_bytes([size for name, size in dict(_COMPUTE.findall(log)).items() if not _on_device(name)]),
        output=_bytes([size for name, size in dict(_OUTPUT.findall(log)).items() if not _on_device(name)]),
    )


def _on_device(name: str) -> bool:
    return not (_IN_MAIN_MEMORY.match(name) or _REPACKED.search(name))


def read_offload(log: str) -> dict[str, Any] | None:
    """The fields of `Offload` from the text of one load; None where it tells of no layer on a GPU."""
    said = _OFFLOADED.search(log)
    if said is None:
        return None
    sizes = [*_MODEL.findall(log), *_DEVICE_KV.findall(log)]
    sizes += [*dict(_COMPUTE.findall(log)).items(), *dict(_OUTPUT.findall(log)).items()]
    buffers: dict[str, int] = {}
    for name, size in sizes:
        if _on_device(name):
            device = clean_line(re.sub(r"_(?:Mapped|Private)$", "", name), 40)
            buffers[device] = buffers.get(device, 0) + round(float(size) * _MIB)
    return {"layers": int(said[1]), "of": int(said[2]), "buffers": buffers}


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
