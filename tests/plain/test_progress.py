"""What a person is told while a job runs: a line of each event that changes something."""

from __future__ import annotations

import pytest

from weighbridge.domain.proof.events import Event, Failed, Swept
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
