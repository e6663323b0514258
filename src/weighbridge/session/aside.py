"""A blocking question in a thread of its own, which nobody has to wait for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def aside(question: Callable[P, T], *args: P.args, **more: P.kwargs) -> T:
    """What `question` returns or raises. Whoever is cancelled leaves at once, and so does the program.

    A thread of the event loop's own pool would keep the program alive until a silent server's time limit. For
    questions only: a thread that is left alone may be ended at any moment.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def deliver(result: T | None, error: BaseException | None) -> None:
        if answer.cancelled():
            return
        if error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(result)  # type: ignore[arg-type]

    def ask() -> None:
        result, error = None, None
        try:
            result = question(*args, **more)
        except BaseException as problem:
            error = problem
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(deliver, result, error)

    threading.Thread(target=ask, name="aside", daemon=True).start()
    return await answer
