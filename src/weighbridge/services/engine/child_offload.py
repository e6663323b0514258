"""Which devices the engine's build knows: `python -m weighbridge.services.engine.child_offload`.

Standard output: one JSON line. A process of its own, as asking starts the drivers, and those can crash.
"""

from __future__ import annotations

import ctypes
import json
import os
from collections.abc import Iterator
from typing import Any

from weighbridge.domain.text import clean_line

_GPUS = {1: "GPU", 2: "integrated GPU"}
"""enum ggml_backend_dev_type of ggml-backend.h: CPU 0, GPU 1, IGPU 2, ACCEL 3, META 4."""


def devices(ggml: Any) -> Iterator[dict[str, Any]]:
    """Name, kind and memory (bytes) of each GPU. Raises AttributeError where the library has no such functions."""
    ggml.ggml_backend_dev_count.restype = ctypes.c_size_t
    ggml.ggml_backend_dev_get.restype = ctypes.c_void_p
    for name in ("name", "description"):
        getattr(ggml, f"ggml_backend_dev_{name}").restype = ctypes.c_char_p
    for index in range(ggml.ggml_backend_dev_count()):
        device = ctypes.c_void_p(ggml.ggml_backend_dev_get(ctypes.c_size_t(index)))
        kind = ggml.ggml_backend_dev_type(device)
        if kind not in _GPUS:
            continue
        free, total = ctypes.c_size_t(), ctypes.c_size_t()
        ggml.ggml_backend_dev_memory(device, ctypes.byref(free), ctypes.byref(total))
        yield {
            "name": _text(ggml.ggml_backend_dev_name(device)),
            "description": _text(ggml.ggml_backend_dev_description(device)),
            "kind": _GPUS[kind],
            "free_bytes": free.value or None,
            "total_bytes": total.value or None,
        }


def _text(said: bytes | None) -> str:
    return clean_line((said or b"").decode("utf-8", "replace"), 120)


def main() -> None:
    out = os.dup(1)
    os.dup2(2, 1)
    from llama_cpp import llama_cpp as native
    from llama_cpp._ggml import libggml

    native.llama_backend_init()
    supported = bool(native.llama_supports_gpu_offload())
    found = list(devices(libggml)) if supported else []
    os.write(out, json.dumps({"supported": supported, "devices": found}).encode("ascii") + b"\n")
    os._exit(0)


if __name__ == "__main__":
    main()
