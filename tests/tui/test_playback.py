"""A replay hands out each event at its time, without a clock and without waiting."""

from __future__ import annotations

import pytest

from weighbridge.domain.proof.events import Event, Ready, RequestStarted, Sample, Spawned, Token
from weighbridge.domain.proof.playback import Playback, Speed


def _events() -> tuple[Event, ...]:
    return (
        Spawned(t=1.0, pid=7),
        Ready(t=2.0, engine="e", system_info="", python="3.11", baseline_rss_bytes=None),
        Sample(t=3.0, rss_bytes=1),
        RequestStarted(t=4.0, request="r", prompt="p", prompt_tokens=1),
        *(Token(t=5.0 + i, request="r", index=i, text="x") for i in range(3)),
    )


@pytest.mark.parametrize(
    ("speed", "seconds", "due"),
    [("1", 0.0, 1), ("1", 0.9, 1), ("1", 1.0, 2), ("1", 3.5, 4), ("10", 0.3, 4), ("10", 9.0, 7), ("step", 9.0, 0)],
)
def test_so_many_events_are_due(speed: Speed, seconds: float, due: int) -> None:
    assert len(Playback(_events(), speed).advance(seconds)) == due


def test_events_come_once_and_in_order_whatever_the_pace() -> None:
    play, seen = Playback(_events()), list[Event]()
    for _ in range(40):
        seen += play.advance(0.25)
    assert tuple(seen) == _events() and play.ended and play.clock_s == play.length_s == 7.0
    assert play.advance(9.0) == () and play.wait_s() is None


def test_a_step_goes_to_the_next_event_that_matters() -> None:
    play = Playback(_events(), "step")
    stops = []
    while not play.ended:
        stops.append((len(play.step()), play.clock_s))
    assert stops == [(2, 2.0), (2, 4.0), (1, 5.0), (2, 7.0)], "samples and later tokens are passed over, none is lost"


def test_pause_holds_and_a_change_of_speed_keeps_the_place() -> None:
    play = Playback(_events())
    play.advance(1.5)
    play.paused = True
    assert play.advance(60.0) == () and play.clock_s == 2.5 and not play.moves
    play.paused, play.speed = False, "10"
    assert play.wait_s() == pytest.approx(0.05)
    assert len(play.advance(0.05)) == 1


def test_home_and_end() -> None:
    play = Playback(_events())
    assert len(play.finish()) == 7 and play.ended
    play.rewind()
    assert not play.ended and play.clock_s == 1.0 and len(play.advance(0.0)) == 1


def test_a_record_whose_time_runs_backwards_stands_still_instead() -> None:
    play = Playback((Spawned(t=5.0, pid=1), Spawned(t=1.0, pid=2), Spawned(t=6.0, pid=3)))
    assert len(play.advance(0.0)) == 2 and len(play.advance(1.0)) == 1


def test_an_empty_record_is_at_its_end() -> None:
    play = Playback(())
    assert play.ended and play.step() == () and play.finish() == () and play.length_s == 0.0


def test_a_pause_of_a_day_is_cut_and_the_clock_is_that_of_the_job() -> None:
    play = Playback((Spawned(t=1.0, pid=1), Spawned(t=100_001.0, pid=2), Spawned(t=100_003.0, pid=3)))
    assert len(play.advance(0.0)) == 1 and play.wait_s() == 5.0 and play.left_out_s == 99_995.0
    assert play.advance(4.5) == () and play.clock_s == 5.5
    assert len(play.advance(0.5)) == 1 and play.clock_s == 100_001.0 and play.left_out_s == 0.0
    assert play.wait_s() == 2.0 and len(play.advance(9.0)) == 1
    assert play.ended and play.clock_s == play.length_s == 100_003.0
    play.rewind()
    assert play.clock_s == 1.0 and len(play.finish()) == 3 and play.clock_s == 100_003.0


def test_a_pause_is_cut_at_ten_times_the_speed_too() -> None:
    play = Playback((Spawned(t=1.0, pid=1), Spawned(t=100_001.0, pid=2)), "10")
    play.advance(0.0)
    assert play.wait_s() == 0.5
