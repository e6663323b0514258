"""What a person is told while a job runs: a line of each event that changes something."""

from __future__ import annotations

import pytest

from weighbridge.domain.proof.events import Event, Failed, ServerSample, Swept
from weighbridge.domain.proof.live import LiveView
from weighbridge.plain.follow import Lines
from weighbridge.plain.texts.figures import progress


class Still:
    """A live view that does not change."""

    live = LiveView()


def told(*events: Event) -> list[str]:
    said: list[str] = []
    lines = Lines(Still(), said.append)
    for event in events:
        lines.show(event)
    return said


@pytest.mark.parametrize(("batch", "words"), [(1, "1 thread for prefill"), (2, "2 threads for prefill")])
def test_one_thread_is_no_plural(batch: int, words: str) -> None:
    (line,) = told(Swept(t=0.0, how="fixed", n_threads=1, n_threads_batch=batch, reason="Fixed."))
    assert line.startswith(f"{words}, 1 for decode")


def test_a_failure_names_its_phase_in_words() -> None:
    (line,) = told(Failed(t=0.0, kind="hang", phase="threads", message="It hangs."))
    assert line == "failed (hang, measuring threads): It hangs."


def test_one_token_is_no_plural() -> None:
    assert "1 token" in progress(LiveView(tokens=1)).split(", ")
    assert "1 of 4 tokens" in progress(LiveView(tokens=1), 4) and "2 tokens" in progress(LiveView(tokens=2))


def test_a_wait_for_a_server_is_told_with_its_reason_and_how_long_still() -> None:
    full = "waiting {} of at most 30 s: it is full (429). Asked again in {} s."
    waits = [ServerSample(t=float(n), source=full.format(n, 4 - n)) for n in range(4)]
    assert told(*waits) == [full.format(0, 4), full.format(2, 2)], "at once, then every two seconds"
    assert "TTFT 4.50 s with the wait before it" in progress(LiveView(ttft_s=4.5, waited=True))


def test_why_a_server_tells_nothing_of_itself_is_said_once() -> None:
    silent = ServerSample(t=0.1, source="not told: /metrics does not answer (404)")
    first, *_ = (line for line in told(silent, silent) if line.startswith("not told"))
    assert first == "not told, load of the server: /metrics does not answer (404)"
    assert sum(line.startswith("not told") for line in told(silent, silent)) == 1
