"""Ends a native call of the engine from outside, without a cost to the call."""

from __future__ import annotations

import contextlib
import ctypes
import sys
import threading
from collections.abc import Iterator
from typing import Any

import llama_cpp.llama_cpp as C

from weighbridge.services.engine.child_llama import Engine
from weighbridge.services.engine.child_wire import State, Wire

WATCH_S = 0.01
"""How often the thread looks that may break a call off."""


@contextlib.contextmanager
def broken_off(context: Any, seconds: float) -> Iterator[None]:
    """Native calls inside end once so many seconds are over. A single thread sleeps until then: nothing is polled."""
    flag = ctypes.create_string_buffer(2)
    timer = threading.Timer(max(0.0, seconds), flag.__setitem__, (0, b"x"))
    timer.daemon = True
    C.llama_set_abort_callback(context, _strlen(), ctypes.cast(flag, ctypes.c_void_p))
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        C.llama_set_abort_callback(context, C.ggml_abort_callback(), None)


def _strlen() -> Any:
    """The C library's function as an abort callback: 0, which means go on, as long as the text it gets is empty."""
    return ctypes.cast(ctypes.CDLL("msvcrt" if sys.platform == "win32" else None).strlen, C.ggml_abort_callback)


class Brake:
    """Breaks off a native call: at a set time, or once the child is told to stop.

    llama.cpp asks an abort callback before every node of a graph, hundreds of times a token. A Python function there
    would cost what is to be measured, so the C library's `strlen` is asked, of a string that is empty until another
    thread writes into it: 0 means go on, 1 means abort.
    """

    def __init__(self, engine: Engine, wire: Wire, state: State) -> None:
        self._context, self._wire, self._state = engine.context, wire, state
        self._flag = ctypes.create_string_buffer(2)
        self._limit = float("inf")
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._ask = _strlen()

    def __enter__(self) -> Brake:
        C.llama_set_abort_callback(self._context, self._ask, ctypes.cast(self._flag, ctypes.c_void_p))
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        C.llama_set_abort_callback(self._context, C.ggml_abort_callback(), None)

    @contextlib.contextmanager
    def until(self, limit: float) -> Iterator[None]:
        """Native calls inside end at `limit`, on the clock of the wire."""
        with self._lock:
            self._limit, self._flag[0] = limit, b"\0"
        try:
            yield
        finally:
            with self._lock:
                self._limit = float("inf")

    def _watch(self) -> None:
        while not self._over.wait(WATCH_S):
            with self._lock:
                if self._state.stopping or self._wire.now() > self._limit:
                    self._flag[0] = b"x"
