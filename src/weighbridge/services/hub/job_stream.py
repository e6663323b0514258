"""A stream of the Hub's client, which blocks, read in a thread of its own: whoever asks gets what came so far."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

T = TypeVar("T")


class JobStream(Generic[T]):
    """Keeps the newest `most` items. The thread ends with the stream, after `close`, or with the program."""

    def __init__(self, items: Callable[[], Iterable[T]], most: int) -> None:
        self._items = items
        self._kept: deque[T] = deque(maxlen=most)
        self._new = False
        self._closed = threading.Event()
        self._lock = threading.Lock()
        threading.Thread(target=self._read, name="job-stream", daemon=True).start()

    def newest(self) -> tuple[T, ...]:
        """What came last, oldest first; empty where nothing came since the last call."""
        with self._lock:
            fresh, self._new = self._new, False
            return tuple(self._kept) if fresh else ()

    def close(self) -> None:
        """Nobody asks any more. Returns at once; the connection closes with the next item, or its time limit."""
        self._closed.set()

    def _read(self) -> None:
        try:
            for item in self._items():
                if self._closed.is_set():
                    return
                with self._lock:
                    self._kept.append(item)
                    self._new = True
        except Exception:  # a broken stream ends it: what it would have told is missing, and is said to be
            return
