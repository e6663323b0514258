"""Headers that lie. Each gets one sentence, quickly, and never a crash or a large allocation."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import pytest

from weighbridge.domain.model.gguf import MAX_TENSORS, read_header
from weighbridge.domain.model.gguf_cursor import MAX_HEADER
from weighbridge.domain.model.gguf_types import GgufHeader
from weighbridge.domain.problems import BadInput

Craft = Callable[..., bytes]
Read = Callable[[bytes], GgufHeader]


def _key(name: str, payload: bytes) -> bytes:
    return struct.pack("<Q", len(name)) + name.encode() + payload


def _refusal(read: Read, raw: bytes) -> str:
    with pytest.raises(BadInput) as caught:
        read(raw)
    message = str(caught.value)
    assert "\n" not in message and "\x1b" not in message and len(message) < 400
    assert caught.value.hint
    return message


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "a PNG image"),
        (b"PK\x03\x04" + bytes(64), "a zip archive"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git-lfs pointer"),
        (b"\n <!DOCTYPE html><html>", "a web page"),
        (b'\x10\x00\x00\x00\x00\x00\x00\x00{"__metadata__"', "a safetensors file"),
        (bytes(4096), "zeros"),
        (b"tjgg\x03\x00\x00\x00", "older than GGUF"),
        (b"hello", "not a GGUF file"),
        (b"GGU", "not a GGUF file"),
        (b"GGUF", "cut short"),
        (b"GGUF" + struct.pack(">I", 3) + bytes(64), "big-endian"),
        (b"GGUF" + struct.pack("<I", 1) + bytes(64), "version 1"),
        (b"GGUF" + struct.pack("<I", 4) + bytes(64), "version 4"),
        (b"GGUF" + struct.pack("<IQQ", 3, 2**60, 1), "1,152,921,504,606,846,976 tensors"),
        (b"GGUF" + struct.pack("<IQQ", 3, 1, 2**60), "1,152,921,504,606,846,976 keys"),
        (b"GGUF" + struct.pack("<IQQ", 3, 1, 1) + struct.pack("<Q", 2**60), "a key of"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 0), "architecture"),
    ],
)
def test_no_gguf_at_all(read: Read, raw: bytes, words: str) -> None:
    assert words in _refusal(read, raw)


HUGE_TEXT = struct.pack("<IQ", 8, 2**60)
HUGE_LIST = struct.pack("<IIQ", 9, 4, 2**60)
LONG_LIST = struct.pack("<IIQ", 9, 4, 7_000_000)
LONG_TEXTS = struct.pack("<IIQ", 9, 8, 7_000_000)
HUGE_ITEM = struct.pack("<IIQ", 9, 8, 2_000) + bytes(8 * 1_999) + struct.pack("<Q", 2**63)
NESTED = struct.pack("<IIQIQ", 9, 9, 1, 4, 1) + bytes(4)


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (HUGE_TEXT, "a text of 1,152"),
        (HUGE_LIST, "1,152,921,504,606,846,976 items"),
        (LONG_LIST, "cut short"),
        (LONG_TEXTS, "cut short"),
        (HUGE_ITEM, "cut short"),
        (NESTED, "lists inside it"),
        (struct.pack("<IIQ", 9, 77, 1), "unknown item type 77"),
        (struct.pack("<I", 13), "unknown value type 13"),
    ],
)
def test_values_that_lie_about_their_length(craft: Craft, read: Read, payload: bytes, words: str) -> None:
    assert words in _refusal(read, craft(extra=_key("x.evil\x1b[2J", payload), data=False))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"llama.block_count": 513}, "llama.block_count is 513"),
        ({"llama.block_count": 0}, "not a whole number from 1"),
        ({"llama.block_count": None}, "no llama.block_count"),
        ({"llama.block_count": "2"}, "not a whole number"),
        ({"llama.block_count": True}, "not a whole number"),
        ({"llama.block_count": [2]}, "a list"),
        ({"llama.context_length": None}, "no llama.context_length"),
        ({"llama.embedding_length": 63}, "cannot be divided by its 4"),
        ({"llama.attention.head_count": 3, "llama.attention.head_count_kv": 2}, "which 2 KV heads cannot share"),
        ({"llama.attention.head_count_kv": 8}, "cannot share"),
        ({"llama.attention.head_count_kv": [2, 2, 2]}, "3 items"),
        ({"llama.attention.head_count_kv": [2, -1]}, "not a list of whole numbers"),
        ({"llama.attention.head_count_kv": [2.0, 2.0]}, "not a list of whole numbers"),
        ({"llama.attention.head_count": 2**31}, "not a whole number"),
        ({"llama.expert_count": 2_000, "llama.expert_used_count": 2}, "experts do not add up"),
        ({"llama.expert_count": 8}, "experts do not add up"),
        ({"llama.expert_used_count": 2}, "experts do not add up"),
        ({"llama.expert_count": 8, "llama.expert_used_count": 2, "llama.expert_group_count": 3}, "experts"),
        ({"llama.nextn_predict_layers": 3}, "nextn_predict_layers"),
        ({"llama.rope.scaling.type": "sideways\x1b"}, "rope.scaling.type is sideways␛"),
        ({"tokenizer.ggml.tokens": [1, 2, 3]}, "tokens is not the kind of list"),
        ({"tokenizer.ggml.tokens": "a"}, "tokens is not the kind of list"),
        ({"tokenizer.ggml.scores": ["a"] * 8}, "scores is not the kind of list"),
        ({"tokenizer.ggml.scores": [1.0] * 7}, "scores is shorter"),
        ({"tokenizer.ggml.token_type": [1.0] * 8}, "token_type is not the kind of list"),
        ({"tokenizer.ggml.merges": [1, 2]}, "merges is not the kind of list"),
        ({"general.architecture": None}, "does not name an architecture"),
        ({"general.architecture": 7}, "does not name an architecture"),
        ({"general.architecture": "clip"}, "image part"),
        ({"general.type": "adapter"}, "an adapter (LoRA)"),
        ({"split.count": 3}, "one of 3 shards"),
        ({"general.alignment": 0}, "general.alignment is 0"),
        ({"general.alignment": 48}, "general.alignment is 48"),
        ({"general.alignment": 1 << 17}, "general.alignment is 131,072"),
        ({"general.alignment": "32"}, "not a whole number of 32 bits"),
        ({"general.alignment": struct.pack("<IQ", 10, 32)}, "not a whole number of 32 bits"),
    ],
)
def test_metadata_on_which_an_engine_would_stumble(
    craft: Craft, read: Read, changes: dict[str, Any], words: str
) -> None:
    assert words in _refusal(read, craft(changes))


@pytest.mark.parametrize(
    ("tensor", "words"),
    [
        (("t", (), 0), "0 dimensions"),
        (("t", (1, 1, 1, 1, 1), 0), "5 dimensions"),
        (("t", (0,), 0), "impossible shape"),
        (("t", (2**60,), 0), "impossible shape"),
        (("t", (2**30, 2**30), 0), "impossible shape"),
        (("t", (33,), 2), "do not fill whole Q4_0 blocks"),
        (("t", (32,), 31), "has dropped (type 31)"),
        (("t", (32,), 99), "unknown type 99"),
        ((" ", (32,), 0), "a tensor name that is empty"),
        (("t" * 300, (32,), 0), "a tensor name of 300 bytes"),
        (("token_embd.weight", (64, 8), 0), "tensor token_embd.weight twice"),
    ],
)
def test_impossible_tensors(craft: Craft, read: Read, tensor: tuple[str, tuple[int, ...], int], words: str) -> None:
    raw = craft(tensors=[("token_embd.weight", (64, 8), 0), tensor], data=False)
    assert words in _refusal(read, raw + bytes(1 << 16))


def test_a_key_given_twice(craft: Craft, read: Read) -> None:
    raw = craft(extra=_key("llama.block_count", struct.pack("<II", 4, 2)))
    assert "the key llama.block_count twice" in _refusal(read, raw)


def test_an_empty_key(craft: Craft, read: Read) -> None:
    assert "a key that is empty" in _refusal(read, craft(extra=_key("", struct.pack("<II", 4, 2))))


def test_more_tensors_announced_than_listed(craft: Craft, read: Read) -> None:
    assert _refusal(read, craft(n_tensors=MAX_TENSORS))


def test_tensors_on_top_of_each_other(craft: Craft, read: Read) -> None:
    raw = bytearray(craft())
    place = raw.index(b"blk.0.attn_q.weight") + len(b"blk.0.attn_q.weight") + 4 + 16 + 4
    raw[place : place + 8] = bytes(8)
    assert "blk.0.attn_q.weight is not where the one before it ends" in _refusal(read, bytes(raw))


def test_a_file_cut_anywhere_is_refused(craft: Craft, read: Read) -> None:
    raw = craft()
    for length in range(0, len(raw), 7):
        assert _refusal(read, raw[:length])
    assert "output_norm.weight ends at byte" in _refusal(read, raw[:-1])


def test_a_file_that_shrinks_while_it_is_read(craft: Craft) -> None:
    raw = craft()
    with pytest.raises(BadInput, match="became shorter"):
        read_header(lambda offset, count: raw[offset : offset + count - 1], len(raw))


def test_an_endless_list_of_empty_strings_ends_in_bounds() -> None:
    """In a file that claims 1 TiB: not more than the header's limit is read, and never much at once."""
    start = b"GGUF" + struct.pack("<IQQ", 3, 1, 4_000) + _key("x", struct.pack("<IIQ", 9, 8, 7_999_999))
    asked: list[int] = []

    def read_at(offset: int, count: int) -> bytes:
        asked.append(count)
        return (start if offset == 0 else b"").ljust(count, b"\x00")

    with pytest.raises(BadInput):
        read_header(read_at, 1 << 40)
    assert max(asked) <= 4 << 20 and sum(asked) <= MAX_HEADER + (4 << 20)


def test_a_header_larger_than_the_limit() -> None:
    start = b"GGUF" + struct.pack("<IQQ", 3, 1, 10)
    numbers = struct.pack("<IIQ", 9, 12, 8_000_000)
    lists = [_key(name, numbers) for name in "xy"]
    second = len(start) + len(lists[0]) + 64_000_000
    asked: list[int] = []

    def read_at(offset: int, count: int) -> bytes:
        asked.append(count)
        raw = (start + lists[0]) if offset == 0 else lists[1] if offset == second else b""
        return raw.ljust(count, b"\x00")

    with pytest.raises(BadInput, match="larger than 64 MiB"):
        read_header(read_at, 1 << 40)
    assert max(asked) <= 4 << 20 and sum(asked) < 16 << 20
