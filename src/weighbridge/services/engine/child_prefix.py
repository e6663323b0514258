"""What the KV cache holds, and how much of it the next prompt may keep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import llama_cpp.llama_cpp as C

_SEQUENCE, _END = 0, -1


def common_prefix(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens two sequences share from their beginning."""
    length = min(len(one), len(other))
    return next((at for at in range(length) if one[at] != other[at]), length)


class Cache:
    """Tokens of the one sequence in a context's memory, in step with what was computed.

    `reusable` turns False for good where the memory cannot be cut (a recurrent state has no earlier version, a
    sliding window has lost its beginning) or where an answer came out otherwise for it; `checked` says which is known.
    """

    def __init__(self, context: Any) -> None:
        self._memory = C.llama_get_memory(context)
        self.held: list[int] = []
        self.reusable = True
        self.checked = False

    def shared(self, tokens: Sequence[int]) -> int:
        """How many tokens of a prompt are held; never its last one, whose logits have to be computed."""
        return min(common_prefix(self.held, tokens), len(tokens) - 1) if self.reusable else 0

    def keep(self, count: int) -> int:
        """Forgets all but the first `count` tokens, and says how many are left: none where it cannot cut."""
        cut = count > 0 and C.llama_memory_seq_rm(self._memory, _SEQUENCE, count, _END)
        if cut and C.llama_memory_seq_pos_min(self._memory, _SEQUENCE) == 0:
            del self.held[count:]
            return count
        self.clear()
        return 0

    def clear(self) -> None:
        """Forgets everything."""
        C.llama_memory_clear(self._memory, True)
        self.held = []
