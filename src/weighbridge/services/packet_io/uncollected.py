"""Python's collector of reference cycles held back while many records are made."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """No collection in this block, or in the function that this decorates.

    Records of a packet hold no cycles, and the collector would look through all of them again and again as they
    become more: a fifth of the time that a large packet takes.
    """
    ran = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if ran:
            gc.enable()
