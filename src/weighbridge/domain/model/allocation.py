"""What one context of one model allocates, and what is known of other contexts of the same model."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace

CONTEXT_STEP = 256
"""llama.cpp pads the KV cache to so many cells."""
_SIZES = ("kv_bytes", "compute_bytes", "output_bytes", "process_bytes", "tables_bytes", "scratch_bytes")


@dataclass(frozen=True, slots=True)
class Allocation:
    """Bytes of a run at a context of `n_ctx` tokens; `Forecast` says what each part is, formula.py what it comes to.

    `tables_bytes`: vocabulary and graph, built from the header. `scratch_bytes`: working memory of matrix products.
    """

    n_ctx: int
    weights_bytes: int
    kv_bytes: int
    compute_bytes: int
    output_bytes: int
    process_bytes: int
    tables_bytes: int
    scratch_bytes: int

    @property
    def total_bytes(self) -> int:
        return self.weights_bytes + sum(int(getattr(self, name)) for name in _SIZES)


@dataclass(frozen=True, slots=True)
class Allocations:
    """What the engine answered for one model, mode, batch sizes, KV type and attention: one entry a context, ascending.

    `repacks`: the engine will copy weights into another layout beside the file.
    """

    repacks: bool
    known: tuple[Allocation, ...]

    def at(self, n_ctx: int) -> Allocation | None:
        """The engine's own answer; None where it was not asked for this context."""
        return next((a for a in self.known if a.n_ctx == n_ctx), None)

    def bound(self, n_ctx: int) -> Allocation | None:
        """At most so much at a context that was not asked for; None above the longest that was.

        Between two answers: the straight line. Each part is a sum or maximum of linear functions of the context,
        thus convex, and lies nowhere above it.
        """
        above = next((a for a in self.known if a.n_ctx >= n_ctx), None)
        below = next((a for a in reversed(self.known) if a.n_ctx <= n_ctx), None)
        if above is None or below is None or above is below:
            return above
        share = n_ctx - below.n_ctx, above.n_ctx - below.n_ctx
        sizes = {name: _between(getattr(below, name), getattr(above, name), *share) for name in _SIZES}
        return replace(above, n_ctx=n_ctx, **sizes)

    def joined(self, *later: Allocation) -> Allocations:
        """With further answers; for the same context the later one counts."""
        by_context = {a.n_ctx: a for a in (*self.known, *later)}
        return replace(self, known=tuple(by_context[n_ctx] for n_ctx in sorted(by_context)))


def _between(low: int, high: int, done: int, whole: int) -> int:
    return -(-(low * (whole - done) + high * done) // whole)


def padded(n_ctx: int) -> int:
    """Cells of the KV cache for a context."""
    return -(-n_ctx // CONTEXT_STEP) * CONTEXT_STEP


def search_longest(n_ctx_train: int) -> Generator[int, bool, int | None]:
    """Bisects over multiples of 256: yields a context, is sent whether it fits, returns the longest that does.

    The trained context comes first, because it mostly fits. None where no context does.
    """
    least, most = 0, padded(n_ctx_train) // CONTEXT_STEP
    middle = most
    while least < most:
        if (yield middle * CONTEXT_STEP):
            least = middle
        else:
            most = middle - 1
        middle = (least + most + 1) // 2
    return min(least * CONTEXT_STEP, n_ctx_train) or None


def longest(n_ctx_train: int, fits: Callable[[int], bool]) -> int | None:
    """The longest context for which `fits` holds, given that every shorter one fits too."""
    search = search_longest(n_ctx_train)
    try:
        n_ctx = next(search)
        while True:
            n_ctx = search.send(fits(n_ctx))
    except StopIteration as done:
        found: int | None = done.value
        return found
