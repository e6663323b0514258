"""Which thread counts are tried, and which one is taken: tables of made-up trials."""

from __future__ import annotations

import pytest

from weighbridge.domain.proof.thread_rule import (
    Timed,
    busy_cores,
    candidates,
    choose,
    decided,
    finalists,
    is_beyond,
)


def _trials(**rates: list[float]) -> list[Timed]:
    """Trials of a second each: `n2=[60, 58]` are two at two threads, tokens per second."""
    return [Timed(int(name[1:]), round(rate), 1.0) for name, own in rates.items() for rate in own]


@pytest.mark.parametrize(
    ("trials", "chosen"),
    [
        pytest.param(_trials(n1=[39, 40, 38], n2=[59, 61, 60]), 2, id="an idle machine"),
        pytest.param(_trials(n1=[33, 35, 34], n2=[4, 2, 3]), 1, id="two threads collapse"),
        pytest.param(_trials(n1=[100, 100, 100], n2=[104, 104, 104]), 1, id="a gain that is not worth a thread"),
        pytest.param(_trials(n1=[100, 100, 100], n2=[107, 107, 107]), 2, id="a gain that is"),
        pytest.param(_trials(n1=[100, 100, 100], n2=[120, 108, 96]), 1, id="a gain within the scatter"),
        pytest.param(_trials(n1=[100, 100, 100], n2=[200, 120, 40]), 2, id="scatter excuses a tenth at most"),
        pytest.param(_trials(n1=[50] * 3, n2=[50] * 3, n4=[50] * 3), 1, id="a tie"),
        pytest.param(_trials(n1=[20, 21, 22], n2=[40, 41, 42], n3=[39, 60, 40], n4=[9]), 2, id="a lucky trial"),
        pytest.param(_trials(n1=[0], n2=[30]), 2, id="a count that computed nothing"),
        pytest.param(_trials(n2=[30]), 2, id="one count only"),
        pytest.param(_trials(n1=[0, 0], n2=[0]), None, id="nothing was computed at all"),
        pytest.param([], None, id="no trial of this phase"),
    ],
)
def test_the_choice(trials: list[Timed], chosen: int | None) -> None:
    assert choose(trials) == chosen


def test_a_count_that_hangs_now_and_then_is_not_saved_by_its_median() -> None:
    steady = [Timed(1, 4, 0.1)] * 3
    fast_or_hung = [Timed(2, 6, 0.1), Timed(2, 6, 0.1), Timed(2, 1, 1.5)]
    assert choose(steady + fast_or_hung) == 1
    assert choose(steady + fast_or_hung[:2]) == 2


@pytest.mark.parametrize(
    ("others", "busy"), [(None, None), (0, 0), (24.9, 0), (25, 1), (100, 1), (124, 1), (125, 2), (640, 7)]
)
def test_what_others_take_is_counted_in_cores(others: float | None, busy: int | None) -> None:
    assert busy_cores(others) == busy


@pytest.mark.parametrize(
    ("cores", "busy", "tried"),
    [
        (1, 0, (1,)),
        (2, None, (2, 1)),
        (2, 1, (1, 2)),
        (2, 5, (1, 2)),
        (4, 0, (4, 3, 2, 1)),
        (4, 1, (3, 2, 4, 1)),
        (8, 0, (8, 7, 6, 4, 2, 1)),
        (64, 0, (64, 63, 48, 32, 16, 8, 4, 2, 1)),
    ],
)
def test_the_best_guess_comes_first(cores: int, busy: int | None, tried: tuple[int, ...]) -> None:
    assert candidates(cores, busy) == tried


@pytest.mark.parametrize("cores", [1, 3, 6, 12, 64, 192, 1024])
def test_many_cores_are_thinned_out(cores: int) -> None:
    tried = candidates(cores, 1)
    assert len(tried) <= 14 and {1, cores} <= set(tried) <= set(range(1, cores + 1))


def test_what_lies_beyond_a_hopeless_count_is_not_tried() -> None:
    rising = _trials(n64=[100], n32=[120], n16=[60])
    assert is_beyond(8, rising) and is_beyond(1, rising)
    assert not is_beyond(24, rising) and not is_beyond(63, rising)
    assert not is_beyond(4, [])


def test_two_counts_stay_in_the_running_after_one_bad_moment() -> None:
    assert finalists(_trials(n1=[40], n2=[3])) == (1, 2)
    assert finalists(_trials(n1=[10], n2=[40], n4=[60], n8=[58])) == (4, 8)
    assert finalists(_trials(n1=[55], n2=[56], n4=[60], n8=[58], n16=[57], n32=[59])) == (4, 32, 8, 16)


def test_it_is_over_once_the_best_is_far_ahead() -> None:
    assert decided(_trials(n1=[40, 40, 40], n2=[80, 80, 80]))
    assert not decided(_trials(n1=[40, 40], n2=[80, 80, 80])), "one of them was tried twice only"
    assert not decided(_trials(n1=[70, 70, 70], n2=[80, 80, 80])), "too close"
