"""GGUF files made byte by byte, so that a header can say anything at all."""

from __future__ import annotations

import struct
from typing import Any

from weighbridge.domain.model.gguf import read_header
from weighbridge.domain.model.gguf_types import GGML_TYPES, GgufHeader

TOKENS = ["<s>", "</s>", "a", "b", "c", "d", "e", "f"]
TINY: dict[str, Any] = {
    "general.architecture": "llama",
    "llama.block_count": 2,
    "llama.context_length": 512,
    "llama.embedding_length": 64,
    "llama.attention.head_count": 4,
    "llama.attention.head_count_kv": 2,
    "tokenizer.ggml.tokens": TOKENS,
    "tokenizer.ggml.scores": [0.0] * len(TOKENS),
    "tokenizer.ggml.token_type": [1] * len(TOKENS),
}
TENSORS: list[tuple[str, tuple[int, ...], int]] = [
    ("token_embd.weight", (64, 8), 0),
    ("blk.0.attn_q.weight", (64, 128), 2),
    ("output_norm.weight", (64,), 0),
]


def _text(value: str) -> bytes:
    raw = value.encode()
    return struct.pack("<Q", len(raw)) + raw


def _value(value: Any) -> bytes:
    """Type number and payload: int is u32, float f32, list of int i32; bytes go in as they are."""
    match value:
        case bytes():
            return value
        case bool():
            return struct.pack("<I?", 7, value)
        case int():
            return struct.pack("<II", 4, value)
        case float():
            return struct.pack("<If", 6, value)
        case str():
            return struct.pack("<I", 8) + _text(value)
        case [str(), *_]:
            return struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(_text, value))
        case [float(), *_]:
            return struct.pack(f"<IIQ{len(value)}f", 9, 6, len(value), *value)
        case _:
            return struct.pack(f"<IIQ{len(value)}i", 9, 5, len(value), *value)


def _tensors(tensors: list[tuple[str, tuple[int, ...], int]], alignment: int) -> tuple[bytes, int]:
    """The table of tensors and the size of their data."""
    table, offset = b"", 0
    for name, shape, kind in tensors:
        table += _text(name) + struct.pack(f"<I{len(shape)}Q", len(shape), *shape)
        table += struct.pack("<IQ", kind, offset)
        weights = 1
        for dimension in shape:
            weights *= dimension
        block = GGML_TYPES.get(kind, GGML_TYPES[0])
        offset += -(-(weights // block.block * block.bytes) // alignment) * alignment
    return table, offset


def craft_file(
    changes: dict[str, Any] | None = None,
    *,
    tensors: list[tuple[str, tuple[int, ...], int]] | None = None,
    extra: bytes = b"",
    version: int = 3,
    n_tensors: int | None = None,
    n_keys: int | None = None,
    data: bool = True,
) -> bytes:
    """A tiny llama file with `changes` to its metadata (None removes a key). `extra`: raw keys behind the others."""
    metadata = {key: value for key, value in (TINY | (changes or {})).items() if value is not None}
    tensors = TENSORS if tensors is None else tensors
    alignment = metadata.get("general.alignment", 32)
    table, size = _tensors(tensors, alignment if isinstance(alignment, int) and alignment else 32)
    counts = (
        len(tensors) if n_tensors is None else n_tensors,
        len(metadata) + bool(extra) if n_keys is None else n_keys,
    )
    head = b"GGUF" + struct.pack("<IQQ", version, *counts)
    head += b"".join(_text(key) + _value(value) for key, value in metadata.items()) + extra + table
    padding = -len(head) % 32 if not isinstance(alignment, int) or not alignment else -len(head) % alignment
    return head + bytes(padding + size) if data else head


def read_bytes(raw: bytes) -> GgufHeader:
    return read_header(lambda offset, count: raw[offset : offset + count], len(raw))
