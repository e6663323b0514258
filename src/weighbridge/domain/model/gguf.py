"""A strict, bounded reader of GGUF headers (version 2 and 3, little-endian).

A header is hostile until shown otherwise: an engine that trusts it can abort the process or read out of
bounds. Every count and length is checked before anything is read or allocated for it. No I/O of its own.
"""

from __future__ import annotations

import struct

from weighbridge.domain.model.gguf_cursor import AGAIN, REJECTED, Cursor, ReadAt
from weighbridge.domain.model.gguf_types import GGML_TYPES, REMOVED_TYPES, GgufHeader, TensorInfo, Value
from weighbridge.domain.model.soundness import require_sound
from weighbridge.domain.problems import BadInput
from weighbridge.domain.text import clean_line

MAX_KEYS = 4_096
MAX_TENSORS = 65_536
MAX_NAME = 256
MAX_TEXT = 2 << 20
MAX_ITEMS = 8_000_000
KEPT_ITEMS = 1_024
MAX_ALIGNMENT = 1 << 16
MAX_WEIGHTS = 1 << 50

_UINT32, _STRING, _ARRAY = 4, 8, 9
_FORMATS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}

_SIGNATURES = (
    (b"\x89PNG", "a PNG image"),
    (b"PK\x03\x04", "a zip archive (a PyTorch checkpoint is one too)"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"%PDF", "a PDF document"),
    (b"version https://git-lfs", "a git-lfs pointer, that is, only the address of the real file"),
    (b"<!doctype html", "a web page"),
    (b"<html", "a web page"),
    (b"tjgg", "a model in a format older than GGUF"),
    (b"lmgg", "a model in a format older than GGUF"),
    (b"\x00" * 16, "a file that begins with zeros, as an unfinished download does"),
)


def looks_like(start: bytes) -> str:
    """What the first bytes of a file that is no GGUF look like; empty where they look like nothing known."""
    lowered = start.lstrip().lower()
    for signature, name in _SIGNATURES:
        if start.startswith(signature) or lowered.startswith(signature):
            return name
    return "a safetensors file" if start[8:10] == b'{"' else ""


def read_header(read_at: ReadAt, size: int) -> GgufHeader:
    """Reads and checks the header of a GGUF file of `size` bytes.

    Raises BadInput, one sentence without the file's name, for anything that is no sound language model.
    """
    if size <= 0:
        raise BadInput("the file is empty", AGAIN)
    cursor = Cursor(read_at, size)
    version = _version(cursor)
    n_tensors, n_keys = cursor.u64(), cursor.u64()
    if n_tensors > MAX_TENSORS or n_keys > MAX_KEYS:
        raise BadInput(
            f"the header announces {n_tensors:,} tensors and {n_keys:,} keys"
            f" (at most {MAX_TENSORS:,} and {MAX_KEYS:,})",
            REJECTED,
        )
    metadata: dict[str, Value] = {}
    lengths: dict[str, int] = {}
    types: dict[str, int] = {}
    for _ in range(n_keys):
        key = _name(cursor, "a key")
        if key in metadata:
            raise BadInput(f"the header has the key {clean_line(key)} twice", REJECTED)
        kind = cursor.u32()
        if kind == _ARRAY:
            types[key], lengths[key], metadata[key] = _array(cursor, key)
        else:
            types[key], metadata[key] = kind, _scalar(cursor, key, kind)
    alignment = _alignment(metadata, types)
    tensors = tuple(_tensor(cursor) for _ in range(n_tensors))
    data_offset = -(-cursor.position // alignment) * alignment
    _check_layout(tensors, alignment, data_offset, size)
    header = GgufHeader(version, metadata, lengths, types, tensors, alignment, data_offset, size)
    require_sound(header)
    return header


def _version(cursor: Cursor) -> int:
    start = cursor.take(min(cursor.size, 512))
    cursor.position = 4
    if start[:4] != b"GGUF":
        seen = looks_like(start)
        raise BadInput(
            f"this is not a GGUF file: it looks like {seen}" if seen else "this is not a GGUF file",
            "choose a file whose name ends in .gguf, as llama.cpp and the Hub offer it",
        )
    version = cursor.u32()
    if version in (2, 3):
        return version
    if version >> 16:
        raise BadInput("this GGUF file is big-endian", "convert it on the machine that it was made for")
    raise BadInput(f"GGUF version {version} cannot be read (2 and 3 can)", "convert the model anew")


def _name(cursor: Cursor, what: str) -> str:
    name = cursor.text(MAX_NAME, what)
    if not name.strip():
        raise BadInput(f"the header has {what} that is empty", REJECTED)
    return name


def _scalar(cursor: Cursor, key: str, kind: int) -> Value:
    if kind == _STRING:
        return cursor.text(MAX_TEXT, "a text")
    code = _FORMATS.get(kind)
    if code is None:
        raise BadInput(f"the key {clean_line(key)} has the unknown value type {kind}", REJECTED)
    layout = struct.Struct("<" + code)
    value: Value = layout.unpack(cursor.take(layout.size))[0]
    return value


def _array(cursor: Cursor, key: str) -> tuple[int, int, Value]:
    """Item type, whole length, and the first items."""
    kind, length = cursor.u32(), cursor.u64()
    if length > MAX_ITEMS:
        raise BadInput(f"the list {clean_line(key)} has {length:,} items (at most {MAX_ITEMS:,})", REJECTED)
    kept = min(length, KEPT_ITEMS)
    if kind == _STRING:
        cursor.expect(8 * length)
        texts = tuple(cursor.text(MAX_TEXT, "a text") for _ in range(kept))
        cursor.skip_texts(length - kept)
        return kind, length, texts
    if kind not in _FORMATS:
        what = "lists inside it" if kind == _ARRAY else f"the unknown item type {kind}"
        raise BadInput(f"the list {clean_line(key)} has {what}", REJECTED)
    layout = struct.Struct(f"<{kept}{_FORMATS[kind]}")
    numbers = layout.unpack(cursor.take(layout.size))
    cursor.skip((length - kept) * struct.calcsize(_FORMATS[kind]))
    return kind, length, numbers


def _alignment(metadata: dict[str, Value], types: dict[str, int]) -> int:
    key = "general.alignment"
    value = metadata.get(key, 32)
    if not isinstance(value, int) or types.get(key, _UINT32) != _UINT32:
        raise BadInput(f"{key} is not a whole number of 32 bits", REJECTED)
    if 8 <= value <= MAX_ALIGNMENT and not value & (value - 1):
        return value
    raise BadInput(f"{key} is {value:,}, not a power of two from 8 to {MAX_ALIGNMENT:,}", REJECTED)


def _tensor(cursor: Cursor) -> TensorInfo:
    name = _name(cursor, "a tensor name")
    shown = clean_line(name)
    n_dimensions = cursor.u32()
    if not 1 <= n_dimensions <= 4:
        raise BadInput(f"the tensor {shown} has {n_dimensions:,} dimensions (1 to 4)", REJECTED)
    shape = tuple(cursor.u64() for _ in range(n_dimensions))
    number, offset = cursor.u32(), cursor.u64()
    weights = 1
    for dimension in shape:
        weights *= dimension
        if not 0 < weights < MAX_WEIGHTS:
            raise BadInput(f"the tensor {shown} has an impossible shape", REJECTED)
    kind = GGML_TYPES.get(number)
    if kind is None:
        if number in REMOVED_TYPES:
            raise BadInput(
                f"the tensor {shown} is stored in a layout that llama.cpp has dropped (type {number})",
                "use the plain Q4_0 or IQ4_NL file of the same model",
            )
        raise BadInput(f"the tensor {shown} has the unknown type {number}", "update weighbridge, or use another file")
    if shape[0] % kind.block:
        raise BadInput(f"the rows of tensor {shown} do not fill whole {kind.name} blocks", REJECTED)
    return TensorInfo(name, shape, number, offset, weights // kind.block * kind.bytes)


def _check_layout(tensors: tuple[TensorInfo, ...], alignment: int, data_offset: int, size: int) -> None:
    """Tensors follow each other, each padded to the alignment, and end inside the file."""
    expected = 0
    names: set[str] = set()
    for tensor in tensors:
        shown = clean_line(tensor.name)
        if tensor.name in names:
            raise BadInput(f"the header lists the tensor {shown} twice", REJECTED)
        names.add(tensor.name)
        if tensor.offset != expected:
            raise BadInput(f"the tensor {shown} is not where the one before it ends", REJECTED)
        end = data_offset + tensor.offset + tensor.bytes
        if end > size:
            raise BadInput(
                f"the file is cut short: the tensor {shown} ends at byte {end:,}, the file at {size:,}", AGAIN
            )
        expected += -(-tensor.bytes // alignment) * alignment
