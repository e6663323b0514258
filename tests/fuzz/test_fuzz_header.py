"""The header reader on damaged headers and random bytes: a header or BadInput, no hang, no flood of memory."""

from __future__ import annotations

import struct
import tracemalloc
from pathlib import Path
from random import Random
from typing import Any

import pytest
from fuzz.guard import hang_guard
from gguf_craft import craft_file

from weighbridge.domain.model.card import from_header
from weighbridge.domain.model.forecast import forecast
from weighbridge.domain.model.gguf import read_header
from weighbridge.domain.problems import BadInput
from weighbridge.domain.proof.settings import RuntimeSettings
from weighbridge.domain.text import clean_line

NUMBERS = (0, 1, 7, 255, 2**16, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**60, 2**63 - 1, 2**63, 2**64 - 1)
WORDS = (b"GGUF", b"general.", b"llama.", b"tokenizer.ggml.", b"\x00" * 16, b"\xff" * 16, b"\x1b[2J", "\u202e".encode())
CHANGES: tuple[dict[str, Any], ...] = (
    {},
    {"general.license": "mit", "general.languages": ["en", "no"], "general.tags": ["chat"]},
    {"general.base_model.0.name": "Base", "general.base_model.0.repo_url": "https://hub.example/o/b"},
    {"llama.attention.head_count": [4, 4], "llama.attention.head_count_kv": [2, 0]},
    {"general.architecture": "mamba", "mamba.block_count": 2, "mamba.embedding_length": 64, "mamba.ssm.conv_kernel": 4},
)


def check(raw: bytes) -> None:
    """A message is one safe line; a header that is taken can be used for facts and a forecast."""
    taken = 0

    def read_at(offset: int, count: int) -> bytes:
        nonlocal taken
        assert 0 <= offset <= len(raw) and 0 <= count <= len(raw)
        taken += count
        return raw[offset : offset + count]

    with hang_guard():
        try:
            header = read_header(read_at, len(raw))
            from_header(header)
            forecast(header, RuntimeSettings(), 1 << 30)
        except BadInput as error:
            assert str(error) and str(error) == clean_line(str(error), 1_000)
    assert taken <= 2 * len(raw) + (1 << 16)


def damaged(raw: bytes, chance: Random) -> bytes:
    data = bytearray(raw)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(data))
        match chance.randint(0, 5):
            case 0:
                data[at] ^= 1 << chance.randint(0, 7)
            case 1:
                data[at : at + 8] = chance.choice(NUMBERS).to_bytes(8, "little")
            case 2:
                data[at : at + 4] = struct.pack("<I", chance.choice(NUMBERS) % 2**32)
            case 3:
                del data[at : at + chance.randint(1, 40)]
            case 4:
                data[at:at] = data[at : at + chance.randint(1, 200)]
            case _:
                data[at:at] = chance.choice(WORDS)
        if not data:
            return b""
    return bytes(data[: chance.randint(0, len(data))] if chance.random() < 0.1 else data)


@pytest.mark.parametrize(("inputs", "seed"), [(500, 1), pytest.param(15_000, 2, marks=pytest.mark.slow)])
def test_damaged_headers(inputs: int, seed: int) -> None:
    chance = Random(seed)
    sound = [craft_file(changes, data=False) for changes in CHANGES]
    for _ in range(inputs):
        check(damaged(chance.choice(sound), chance) + bytes(chance.choice((0, 8_192))))


@pytest.mark.parametrize(("inputs", "seed"), [(300, 3), pytest.param(10_000, 4, marks=pytest.mark.slow)])
def test_random_bytes(inputs: int, seed: int) -> None:
    chance = Random(seed)
    for _ in range(inputs):
        start = chance.choice((b"", b"GGUF", b"GGUF\x03\x00\x00\x00", b"GGUF\x02\x00\x00\x00" + bytes(8)))
        check(start + chance.randbytes(chance.randint(0, 600)))


@pytest.mark.slow
def test_damage_to_a_real_header(bundled_path: Path) -> None:
    """The bundled model's own 1.8 MB header, with all its tokens; its data is left out."""
    chance = Random(5)
    with bundled_path.open("rb") as file:
        raw = file.read(1_785_664)
    for _ in range(600):
        check(damaged(raw, chance))


@pytest.mark.slow
def test_the_longest_list_that_a_header_may_hold() -> None:
    """7.9 million empty tokens fill the 64 MiB that a header may have."""
    check(craft_file({"tokenizer.ggml.tokens": struct.pack("<IIQ", 9, 8, 7_900_000) + bytes(8 * 7_900_000)}))


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {"tokenizer.ggml.tokens": ["x"] * 200_000},
        {"tokenizer.ggml.token_type": [1] * 1_000_000},
        {f"general.k{n}": "v" * 10_000 for n in range(4_000)},
        {"general.description": "d" * (2 << 20)},
    ],
    ids=["tokens", "types", "keys", "text"],
)
def test_a_large_header_costs_bounded_memory(changes: dict[str, Any]) -> None:
    raw = craft_file(changes)
    tracemalloc.start()
    try:
        check(raw)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak <= (64 << 20) + 2 * len(raw)
