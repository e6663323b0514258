"""When a child counts as hung: arithmetic on its heartbeats."""

from __future__ import annotations

from typing import Any

import pytest

from weighbridge.domain.proof.events import Completed, Event, Failed, Heartbeat, Loaded, RequestStarted, Swept, Token
from weighbridge.domain.proof.settings import Request
from weighbridge.services.engine.watch import Watch

ASKED = RequestStarted(t=0, request="r", prompt="p", prompt_tokens=1)
WARMING = RequestStarted(t=0, request="r", prompt="p", prompt_tokens=1, warmup=True)
TOKEN = Token(t=0, request="r", index=0, text="a")


def _beat(phase: str, progress: int) -> Heartbeat:
    return Heartbeat(t=0, phase=phase, progress=progress)


def _first_complaint(watch: Watch, events: dict[int, Event], seconds: int = 60) -> tuple[int, str] | None:
    """Looks once a second, after the events of that second."""
    for t in range(seconds):
        if t in events:
            watch.hear(t, events[t])
        complaint = watch.complaint(t)
        if complaint:
            return t, complaint
    return None


def test_a_silent_child() -> None:
    watch = Watch(silence_s=10, stuck_s=100)
    assert _first_complaint(watch, {3: _beat("load", 1)}) == (14, "The engine's process has not answered for 11 s.")


def test_a_child_that_was_never_heard() -> None:
    assert _first_complaint(Watch(silence_s=10, stuck_s=100), {}) is not None


def test_a_busy_child_that_gets_nowhere() -> None:
    events: dict[int, Event] = {t: _beat("prefill", 7) for t in range(60)}
    found = _first_complaint(Watch(silence_s=10, stuck_s=20), events)
    assert found == (21, "The engine has computed nothing for 21 s.")


@pytest.mark.parametrize("beat", [lambda t: _beat("decode", t), lambda t: _beat("idle", 7), lambda t: TOKEN])
def test_a_child_that_moves_or_waits(beat) -> None:  # type: ignore[no-untyped-def]
    assert _first_complaint(Watch(10, 20), {t: beat(t) for t in range(60)}) is None


def test_a_supervisor_that_slept_does_not_judge() -> None:
    """After a closed lid or a stopped terminal the child gets its time anew."""
    watch = Watch(silence_s=10, stuck_s=20)
    watch.complaint(0.0)
    watch.complaint(1.0)
    assert watch.complaint(1000.0) is None
    assert [watch.complaint(1000.0 + t) is not None for t in range(1, 13)] == [False] * 10 + [True] * 2


def test_the_phase_a_child_died_in() -> None:
    watch, seen = Watch(10, 20), []
    done = Completed(
        t=0,
        request="r",
        output="",
        stop_reason="eos",
        prompt_tokens=1,
        output_tokens=0,
        prefill_s=0,
        engine_prompt_ms=0,
        engine_prompt_tokens=1,
        engine_decode_ms=0,
        engine_decode_tokens=0,
    )
    nothing_else: dict[str, Any] = {"event": "loaded"}
    loaded = Loaded.model_construct(**nothing_else)
    swept = Swept(t=0, how="fixed", n_threads=1, n_threads_batch=1, reason="r")
    for event in (loaded, swept, WARMING, TOKEN, done, ASKED, TOKEN, _beat("load", 1), done):
        watch.hear(0, event)
        seen.append(watch.phase)
    assert seen == ["sweep", "idle", "warm-up", "warm-up", "idle", "prefill", "decode", "decode", "idle"]


LIMITED = Request(id="r", prompt="p", case="a", time_limit_s=3)


def _first_overdue(watch: Watch, events: dict[int, Event], seconds: int = 40) -> int | None:
    """The second in which an answer is called late; looks once a second."""
    for t in range(seconds):
        if t in events:
            watch.hear(t, events[t])
        if watch.overdue(t):
            return t
        watch.complaint(t)
    return None


def test_an_answer_beyond_its_limit_and_the_grace() -> None:
    watch = Watch(100, 100)
    watch.ask(0, LIMITED)
    assert _first_overdue(watch, {4: ASKED.model_copy(update={"t": 4.0})}) == 10, "from the request on, 3 s and 2 s"
    assert "time limit of 3 s, nor within 2 s more" in str(watch.overdue(10))
    watch.hear(10, Failed(t=10, kind="refused", phase="prefill", message="No."))
    assert watch.overdue(11) is None


def test_a_request_that_never_begins_is_late_too() -> None:
    watch = Watch(100, 100)
    watch.ask(0, LIMITED)
    assert _first_overdue(watch, {}) == 12, "a template may take 6 s of its own"
    watch.ask(50, LIMITED.model_copy(update={"time_limit_s": None}))
    assert _first_overdue(watch, {}) is None


def test_an_answer_is_not_late_while_the_supervisor_slept() -> None:
    watch = Watch(100, 100)
    watch.ask(0, LIMITED)
    for t in (0, 1):
        watch.hear(t, ASKED)
        watch.complaint(t)
    assert watch.overdue(1000) is None and watch.complaint(1000) is None
    assert watch.overdue(1001) is None and watch.complaint(1001) is None
    assert watch.overdue(1002.5) is not None
