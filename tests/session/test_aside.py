"""A question in a thread that nobody has to wait for."""

from __future__ import annotations

import asyncio
import threading

import pytest

from weighbridge.session.aside import aside


async def test_the_answer_or_the_problem_comes_back() -> None:
    assert await aside(lambda a, b: a + b, 1, b=2) == 3
    with pytest.raises(ZeroDivisionError):
        await aside(lambda: 1 / 0)


def test_whoever_leaves_does_not_wait_for_the_answer() -> None:
    silent, ended = threading.Event(), threading.Event()

    def question() -> None:
        silent.wait(60)
        ended.set()

    async def leave() -> None:
        asking = asyncio.ensure_future(aside(question))
        await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    asyncio.run(leave())
    assert not ended.is_set(), "the loop is closed while the question is still open"
    silent.set()
    assert ended.wait(60)
