"""Two large packets are read by two processes, and nobody can tell: the same comparison, the same refusals."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from weighbridge.domain.problems import BadInput
from weighbridge.services import side_apart
from weighbridge.services.packet_sides import read_side
from weighbridge.session.packets.comparing import DoesNotHold, compare_packets

pytestmark = pytest.mark.usefixtures("marks_here")


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every packet counts as a large one."""
    monkeypatch.setattr(side_apart, "LARGE_BYTES", 0)


def test_another_process_reads_the_same(two: Path, large: None, monkeypatch: pytest.MonkeyPatch) -> None:
    here = read_side(Path("new"))
    monkeypatch.setattr(side_apart, "read_side", unreadable)
    with side_apart.reading(Path("new"), beside=Path("old")) as read_new:
        assert read_new() == here


def unreadable(path: Path) -> side_apart.Read:
    raise AssertionError(f"{path} was read here")


def test_a_process_that_does_not_start_costs_time_alone(
    two: Path, large: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "no-such-python")
    assert compare_packets(Path("old"), Path("new")).new.verified


def test_a_process_that_dies_costs_time_alone(two: Path, large: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert compare_packets(Path("old"), Path("new")).new.verified


def test_what_does_not_hold_is_refused_all_the_same(two: Path, large: None) -> None:
    readme = Path("new/data/README.md")
    readme.write_text(readme.read_text("utf-8") + "more\n", "utf-8")
    with pytest.raises(DoesNotHold, match="new does not verify"):
        compare_packets(Path("old"), Path("new"))
    with pytest.raises(BadInput, match="There is no folder none"):
        compare_packets(Path("old"), Path("none"))
