"""The noise of an eval that needed several children."""

from __future__ import annotations

from job_events import answer, attempt

from weighbridge.domain.proof.events import Event, Mode
from weighbridge.domain.proof.samples import Sample
from weighbridge.domain.verdict.result_noise import ResultNoise


def child(number: int, others_percent: float, mode: Mode = "default", seconds: float = 4.0) -> list[Event]:
    """One child that answers for so many seconds beside programs that take so much of a core."""
    asked, done = answer("case-a", 0.0, [])
    work = [
        Sample(t=t, rss_bytes=1, cpu_s=t, run_delay_s=0.0, others_percent=others_percent if t else None)
        for t in (0.0, seconds / 2, seconds)
    ]
    begun = attempt().model_copy(update={"number": number, "mode": mode})
    return [begun, asked, *work, done.model_copy(update={"t": seconds})]


def mark_of(*children: tuple[list[Event], bool]) -> str | None:
    """The mark after these children, of which some came to a result."""
    noise = ResultNoise()
    for events, came in children:
        for event in events:
            noise.add(event, came and event.event == "completed")
    result = noise.result()
    return result.mark if result else None


BUSY, CALM = 150.0, 1.0


def test_one_disturbed_child_makes_the_job_contended() -> None:
    assert mark_of((child(1, BUSY), True), (child(2, CALM), True)) == "contended"
    assert mark_of((child(1, CALM), True), (child(2, CALM, seconds=0.1), True)) == "quiet", "the longer one speaks"


def test_a_child_without_a_result_says_nothing() -> None:
    assert mark_of((child(1, BUSY), False)) is None
    assert mark_of((child(1, CALM), True), (child(2, BUSY), False)) == "quiet"


def test_results_of_another_mode_and_of_an_earlier_job_are_replaced() -> None:
    assert mark_of((child(1, BUSY), True), (child(2, CALM, mode="safe"), True)) == "quiet"
    assert mark_of((child(1, BUSY), True), (child(1, CALM), True)) == "quiet"
    assert mark_of((child(1, BUSY), True), (child(1, CALM), False)) == "contended", "until the new job has a result"
