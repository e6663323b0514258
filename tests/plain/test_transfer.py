"""The line of a transfer: rate and time left, in lines or repainted."""

from __future__ import annotations

import io

import pytest

from weighbridge.domain.rate import Rate
from weighbridge.plain.transfer import Meter, duration

MIB = 1 << 20


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_rate_leaves_out_what_was_there_before_and_forgets_old_seconds() -> None:
    rate = Rate()
    assert rate.mark(100.0, 500 * MIB) is None
    assert rate.mark(101.0, 510 * MIB) == 10 * MIB
    for second in range(102, 112):
        last = rate.mark(second, 511 * MIB)
    assert last == 0, "nothing came for ten seconds: there is no rate to promise from"


def test_the_rate_begins_with_the_first_new_byte_of_a_part_that_is_read_again_first() -> None:
    rate = Rate()
    for second in range(100, 104):
        assert rate.mark(second, 55 * MIB) is None, "nothing is fetched while the part is read"
    assert rate.mark(104, 69 * MIB) == 14 * MIB
    assert rate.mark(105, 2 * MIB) is None, "it begins anew"
    assert rate.mark(106, 16 * MIB) == 14 * MIB


def test_lines_come_every_few_seconds_with_rate_and_time_left() -> None:
    clock, lines = Clock(), list[str]()
    meter = Meter("downloading x.gguf", clock, lines.append)
    for second in range(10):
        meter(second * 10 * MIB, 1000 * MIB)
        clock.now += 1
    assert lines[-1] == "downloading x.gguf: 90 of 1,000 MiB (9 %), 10.0 MiB/s, 1 min 31 s left"
    assert len(lines) == 3, lines


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_a_terminal_gets_one_line_that_is_repainted(monkeypatch: pytest.MonkeyPatch, term: str) -> None:
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr("sys.stderr", screen := Terminal())
    clock = Clock()
    meter = Meter("downloading " + 80 * "x", clock)
    for tenth in range(40):
        meter(tenth * MIB, 100 * MIB)
        clock.now += 0.1
    meter.close()
    said = screen.getvalue()
    if term == "dumb":
        assert "\r" not in said and said.count("\n") == 1
    else:
        assert said.count("\r") >= 20 and said.endswith("\n") and said.count("\n") == 1
        assert all(len(part) == 59 for part in said.rstrip("\n").split("\r")[1:])


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (0.2, "1 s"), (59.5, "1 min 00 s"), (185, "3 min 05 s"), (4200, "1 h 10 min")]
)
def test_a_duration_is_rounded_up(seconds: float, text: str) -> None:
    assert duration(seconds) == text
