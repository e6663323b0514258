"""What a GGUF header says, and the tables needed to read it.

Format: the GGUF specification (docs/gguf.md of ggml-org/ggml). Tables: `ggml.h` and `llama.h` of llama.cpp.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import NamedTuple

from weighbridge.domain.text import clean_line

Scalar = bool | int | float | str
Value = Scalar | tuple[Scalar, ...]


class GgmlType(NamedTuple):
    """A tensor type: `block` weights are stored together in `bytes` bytes."""

    name: str
    block: int
    bytes: int


GGML_TYPES: dict[int, GgmlType] = {
    0: GgmlType("F32", 1, 4),
    1: GgmlType("F16", 1, 2),
    2: GgmlType("Q4_0", 32, 18),
    3: GgmlType("Q4_1", 32, 20),
    6: GgmlType("Q5_0", 32, 22),
    7: GgmlType("Q5_1", 32, 24),
    8: GgmlType("Q8_0", 32, 34),
    9: GgmlType("Q8_1", 32, 36),
    10: GgmlType("Q2_K", 256, 84),
    11: GgmlType("Q3_K", 256, 110),
    12: GgmlType("Q4_K", 256, 144),
    13: GgmlType("Q5_K", 256, 176),
    14: GgmlType("Q6_K", 256, 210),
    15: GgmlType("Q8_K", 256, 292),
    16: GgmlType("IQ2_XXS", 256, 66),
    17: GgmlType("IQ2_XS", 256, 74),
    18: GgmlType("IQ3_XXS", 256, 98),
    19: GgmlType("IQ1_S", 256, 50),
    20: GgmlType("IQ4_NL", 32, 18),
    21: GgmlType("IQ3_S", 256, 110),
    22: GgmlType("IQ2_S", 256, 82),
    23: GgmlType("IQ4_XS", 256, 136),
    24: GgmlType("I8", 1, 1),
    25: GgmlType("I16", 1, 2),
    26: GgmlType("I32", 1, 4),
    27: GgmlType("I64", 1, 8),
    28: GgmlType("F64", 1, 8),
    29: GgmlType("IQ1_M", 256, 56),
    30: GgmlType("BF16", 1, 2),
    34: GgmlType("TQ1_0", 256, 54),
    35: GgmlType("TQ2_0", 256, 66),
    39: GgmlType("MXFP4", 32, 17),
    40: GgmlType("NVFP4", 64, 36),
    41: GgmlType("Q1_0", 128, 18),
    42: GgmlType("Q2_0", 64, 18),
}
REMOVED_TYPES = frozenset({4, 5, 31, 32, 33, 36, 37, 38})
"""Numbers of layouts that llama.cpp has dropped (Q4_2, Q4_3, Q4_0_4_4 and its relatives)."""

_FILE_TYPE_NAMES = (
    (0, "F32 F16 Q4_0 Q4_1"),
    (7, "Q8_0 Q5_0 Q5_1 Q2_K Q3_K_S Q3_K_M Q3_K_L Q4_K_S Q4_K_M Q5_K_S Q5_K_M Q6_K IQ2_XXS IQ2_XS Q2_K_S"),
    (22, "IQ3_XS IQ3_XXS IQ1_S IQ4_NL IQ3_S IQ3_M IQ2_S IQ2_M IQ4_XS IQ1_M BF16"),
    (36, "TQ1_0 TQ2_0 MXFP4 NVFP4 Q1_0"),
)
FILE_TYPES = {start + step: name for start, names in _FILE_TYPE_NAMES for step, name in enumerate(names.split())}
"""`general.file_type` (enum llama_ftype) to the name that people know."""


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """One tensor: `shape` innermost dimension first, `bytes` its size, `offset` from the data section."""

    name: str
    shape: tuple[int, ...]
    ggml_type: int
    offset: int
    bytes: int

    @property
    def weights(self) -> int:
        count = 1
        for dimension in self.shape:
            count *= dimension
        return count

    @property
    def is_quantized_matrix(self) -> bool:
        """True for what an engine may copy into another layout (repack)."""
        return len(self.shape) >= 2 and GGML_TYPES[self.ggml_type].block > 1


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """A header that passed every check of `gguf.read_header`.

    `metadata` holds raw values: text is not cleaned (use `text`), and of a list the first 1,024 items are
    kept, with the whole length in `lengths`. `types`: GGUF value type of a key, for a list that of its items.
    `data_offset` and `file_size` are bytes.
    """

    version: int
    metadata: dict[str, Value]
    lengths: dict[str, int]
    types: dict[str, int]
    tensors: tuple[TensorInfo, ...]
    alignment: int
    data_offset: int
    file_size: int

    def text(self, key: str) -> str | None:
        """A text value as one safe line; None where it is absent, empty or not text."""
        value = self.metadata.get(key)
        return (clean_line(value) or None) if isinstance(value, str) else None

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts (or one text) as safe lines; empty where absent."""
        value = self.metadata.get(key)
        items = value if isinstance(value, tuple) else (value,)
        return tuple(line for item in items if isinstance(item, str) and (line := clean_line(item)))

    @property
    def architecture(self) -> str:
        return self.text("general.architecture") or ""

    @property
    def weights_bytes(self) -> int:
        """Sum of all tensors, without the padding between them."""
        return sum(tensor.bytes for tensor in self.tensors)

    @property
    def n_params(self) -> int:
        return sum(tensor.weights for tensor in self.tensors)

    @property
    def quantization(self) -> str:
        """What `general.file_type` says; else the type that holds most of the bytes."""
        declared = self.metadata.get("general.file_type")
        if isinstance(declared, int) and declared in FILE_TYPES:
            return FILE_TYPES[declared]
        sizes: defaultdict[int, int] = defaultdict(int)
        for tensor in self.tensors:
            sizes[tensor.ggml_type] += tensor.bytes
        return GGML_TYPES[max(sizes, key=lambda kind: sizes[kind])].name
