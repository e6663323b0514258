"""What goes to a GPU and what stays in main memory, where some layers of a model are to be on a GPU.

llama.cpp counts n_block + 1 layers, the output layer last, and puts the last n of them on the GPU; the input embedding
stays in main memory in any case, and is there twice where it is the output matrix too. A block's KV cache is where its
weights are. Source: `llama_model::load_tensors` and `create_memory` of llama.cpp. Not compared with a run on a GPU.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from weighbridge.domain.base import Record
from weighbridge.domain.model.gguf_types import GgufHeader

_BLOCK = re.compile(r"blk\.(\d+)\.")
_INPUT = "token_embd.weight"
_OUTPUT = ("output.", "output_norm.")
CAVEAT = "layers on a GPU: by arithmetic, never compared with a run on a GPU"


class GpuShare(Record):
    """What a GPU has to hold, bytes. `compute_bytes` is that of a run without one: an upper bound."""

    layers: int
    """How many go there."""
    of: int
    """Layers of the model, the output layer counted as one."""
    wished: int
    """As the setting has it; -1: all."""
    weights_bytes: int
    kv_bytes: int
    compute_bytes: int
    free_bytes: int | None = None
    """Free memory of the GPUs together; None where no engine told it."""

    @property
    def total_bytes(self) -> int:
        return self.weights_bytes + self.kv_bytes + self.compute_bytes

    @property
    def more_wished(self) -> str:
        """That more layers were wished than there are, in a few words; empty where they were not."""
        return f"; {self.wished} were wished, and the model has {self.of}" if self.wished > self.of else ""

    @property
    def fits(self) -> bool | None:
        """Whether it is at most what is free; None where that is not known."""
        return None if self.free_bytes is None else self.total_bytes <= self.free_bytes


def layers_there(n_block: int, wished: int) -> int:
    """Layers that go to the GPU, of n_block + 1."""
    return n_block + 1 if wished < 0 else min(wished, n_block + 1)


def kv_there(by_block: Sequence[int], wished: int) -> int:
    """Bytes of the KV cache of the blocks that go to the GPU."""
    return sum(by_block[_first(len(by_block), wished) :])


def weights_there(header: GgufHeader, n_block: int, wished: int) -> tuple[int, int]:
    """Bytes of weights on the GPU, and how many of them main memory is rid of."""
    if not wished:
        return 0, 0
    first = _first(n_block, wished)
    moved = output = embedding = 0
    for tensor in header.tensors:
        block = _BLOCK.match(tensor.name)
        if block:
            moved += tensor.bytes if int(block[1]) >= first else 0
        elif tensor.name.startswith(_OUTPUT):
            moved += tensor.bytes
            output += tensor.name == "output.weight"
        elif tensor.name == _INPUT:
            embedding = tensor.bytes
    return moved + (0 if output else embedding), moved


def _first(n_block: int, wished: int) -> int:
    return n_block + 1 - layers_there(n_block, wished)
