"""A model of some 20 kB with random weights that never ends an answer, and is faster than anything that reads it."""

from __future__ import annotations

import random
import struct
from pathlib import Path

WORDS = ("ba", "be", "bi", "bo", "da", "de", "di", "do", "fa", "fe", "fi", "fo", "ga", "ge", "gi", "go")
EMBEDDING, FORWARD = 32, 32
CONTEXT = 1 << 20
_BYTE, _CONTROL, _NORMAL, _UNKNOWN = 6, 3, 1, 2


def _text(value: str) -> bytes:
    raw = value.encode()
    return struct.pack("<Q", len(raw)) + raw


def _key(name: str, kind: int, payload: bytes) -> bytes:
    return _text(name) + struct.pack("<I", kind) + payload


def _list(kind: int, items: list[bytes]) -> bytes:
    return struct.pack("<IQ", kind, len(items)) + b"".join(items)


def _vocabulary() -> tuple[list[str], list[int]]:
    """Tokens and their kinds. Every byte is a token, so that any prompt can be read."""
    bytes_ = [f"<0x{n:02X}>" for n in range(256)]
    words = ["\u2581" + one + other for one in WORDS for other in WORDS]
    kinds = [_UNKNOWN, _CONTROL, _CONTROL] + [_BYTE] * len(bytes_) + [_NORMAL] * len(words)
    return ["<unk>", "<s>", "</s>", *bytes_, *words], kinds


def _keys(tokens: list[str], kinds: list[int]) -> list[bytes]:
    numbers = {
        "llama.block_count": 1,
        "llama.context_length": CONTEXT,
        "llama.embedding_length": EMBEDDING,
        "llama.feed_forward_length": FORWARD,
        "llama.attention.head_count": 1,
        "llama.attention.head_count_kv": 1,
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.ggml.unknown_token_id": 0,
    }
    texts = {
        "general.architecture": "llama",
        "general.name": "Endless",
        "general.license": "apache-2.0",
        "tokenizer.ggml.model": "llama",
    }
    return [
        *(_key(name, 8, _text(value)) for name, value in texts.items()),
        *(_key(name, 4, struct.pack("<I", value)) for name, value in numbers.items()),
        _key("llama.attention.layer_norm_rms_epsilon", 6, struct.pack("<f", 1e-5)),
        _key("tokenizer.ggml.tokens", 9, _list(8, [_text(t) for t in tokens])),
        _key("tokenizer.ggml.scores", 9, _list(6, [struct.pack("<f", 0.0)] * len(tokens))),
        _key("tokenizer.ggml.token_type", 9, _list(5, [struct.pack("<i", k) for k in kinds])),
    ]


def write_model(path: Path, seed: int = 1) -> None:
    """A llama of one layer. The rows of everything but words are zero in the output, so that a word always wins."""
    tokens, kinds = _vocabulary()
    chance = random.Random(seed)
    n, vocabulary = EMBEDDING, len(tokens)

    def drawn(count: int) -> list[float]:
        return [chance.gauss(0.0, 1.0) for _ in range(count)]

    words = [drawn(n) if kind == _NORMAL else [0.0] * n for kind in kinds]
    tensors = {
        "token_embd.weight": ((n, vocabulary), drawn(n * vocabulary)),
        "output.weight": ((n, vocabulary), [weight for row in words for weight in row]),
        "output_norm.weight": ((n,), [1.0] * n),
        "blk.0.attn_norm.weight": ((n,), [1.0] * n),
        "blk.0.ffn_norm.weight": ((n,), [1.0] * n),
        **{f"blk.0.attn_{name}.weight": ((n, n), drawn(n * n)) for name in ("q", "k", "v", "output")},
        **{f"blk.0.ffn_{name}.weight": ((n, FORWARD), drawn(n * FORWARD)) for name in ("gate", "up", "down")},
    }
    keys = _keys(tokens, kinds)
    table, data = b"", b""
    for name, (shape, weights) in tensors.items():
        table += _text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, len(data))
        data += struct.pack(f"<{len(weights)}f", *weights)
        data += bytes(-len(data) % 32)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(keys)) + b"".join(keys) + table
    path.write_bytes(head + bytes(-len(head) % 32) + data)
