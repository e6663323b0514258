"""Threads that were measured are given up where tokens take far longer than the sweep said; fixed ones never."""

from __future__ import annotations

from typing import Any

import pytest
from engine_rig import Rig, the

from weighbridge.domain.proof.events import Completed, Event, Swept, ThreadsLowered, Trial
from weighbridge.domain.proof.live import Meter
from weighbridge.plain.follow import _change
from weighbridge.services.engine import spawn


def sweep(tokens_per_s: float) -> Swept:
    """A remembered sweep that chose two threads for decode and measured so many tokens a second with them."""
    trial = Trial(t=0.1, phase="decode", n_threads=2, tokens=8, seconds=0.1, tokens_per_s=tokens_per_s)
    return Swept(t=0.2, how="remembered", n_threads=2, n_threads_batch=1, reason="as before", trials=(trial,))


async def answer(rig: Rig, threads: Swept | None, **settings: Any) -> list[Event]:
    launch = rig.launch(max_tokens=12, **settings).model_copy(update={"threads": threads, "usable_cores": 2})
    runtime, _ = await rig.started(launch)
    events = [event async for event in runtime.generate(rig.request())]
    await runtime.stop()
    return events


async def test_a_collapse_is_told_once_and_changes_no_answer(rig: Rig) -> None:
    collapsed = await answer(rig, sweep(tokens_per_s=1e6))
    lowered = the(ThreadsLowered, collapsed)
    assert (lowered.n_threads_before, lowered.n_threads) == (2, 1)
    assert lowered.gap_s > lowered.usual_s
    alone = await answer(rig, None, n_threads=1)
    assert the(Completed, collapsed).output == the(Completed, alone).output


async def test_tokens_no_slower_than_the_sweep_said_change_nothing(rig: Rig) -> None:
    events = await answer(rig, sweep(tokens_per_s=0.001))
    assert not [e for e in events if isinstance(e, ThreadsLowered)]


async def test_fixed_threads_stay(rig: Rig) -> None:
    events = await answer(rig, sweep(tokens_per_s=1e6), n_threads=2)
    assert not [e for e in events if isinstance(e, ThreadsLowered)]


@pytest.mark.parametrize(("others", "count"), [(0.0, None), (15.0, None), (80.0, "1000"), (None, "1000")])
def test_waiting_threads_spin_as_long_as_the_library_thinks_best_on_a_quiet_machine_only(
    others: float | None, count: str | None
) -> None:
    assert spawn.child_environment(others).get("GOMP_SPINCOUNT") == count


async def test_a_collapse_is_said_in_words(rig: Rig) -> None:
    lowered = the(ThreadsLowered, await answer(rig, sweep(tokens_per_s=1e6)))
    assert (_change(lowered) or "").startswith("threads lowered from 2 to 1: a token took ")
    meter = Meter()
    meter.add(lowered)
    assert meter.view().threads == "lowered to 1 of 2 threads"
