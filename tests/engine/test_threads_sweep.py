"""How the real child comes by its threads, and that a sweep leaves no trace behind."""

from __future__ import annotations

from typing import Any

import pytest
from engine_rig import Rig, is_gone

from weighbridge.domain.proof.events import Event, Stopped, Swept, Trial
from weighbridge.domain.proof.runtime import Launch
from weighbridge.domain.proof.thread_rule import Timed
from weighbridge.services.engine import child_sweep
from weighbridge.services.engine.llama_runtime import LlamaRuntime

STORY = "Tell a long story about a ferry."


def _launch(rig: Rig, cores: int = 2, **changes: Any) -> Launch:
    return rig.launch(n_ctx=64, max_tokens=20, **changes).model_copy(update={"usable_cores": cores})


async def _start(runtime: LlamaRuntime) -> tuple[Swept, list[Trial]]:
    events: list[Event] = [event async for event in runtime.start()]
    assert isinstance(events[-1], Swept), events[-1]
    return events[-1], [event for event in events if isinstance(event, Trial)]


async def test_a_sweep_chooses_from_its_trials_and_changes_no_answer(rig: Rig) -> None:
    runtime = rig.runtime(_launch(rig))
    swept, trials = await _start(runtime)
    assert swept.trials == tuple(trials) and {trial.n_threads for trial in trials} == {1, 2}
    for phase, chosen in (("decode", swept.n_threads), ("prefill", swept.n_threads_batch)):
        own = [trial for trial in trials if trial.phase == phase]
        # A machine that is too busy for a trial in time gets a guess, which says so.
        assert chosen in {trial.n_threads for trial in own if trial.tokens} or swept.how == "fallback"
        assert all(trial.tokens < 64 for trial in own), "the context has room for no more"
    assert swept.at and swept.seconds > 0 and "tokens/s" in swept.reason

    after_sweep = await rig.ask(runtime, STORY)
    await runtime.stop()
    fixed = rig.runtime(_launch(rig, n_threads=swept.n_threads, n_threads_batch=swept.n_threads_batch))
    await _start(fixed)
    with_fixed = await rig.ask(fixed, STORY)
    assert after_sweep.output == with_fixed.output != ""
    assert after_sweep.engine_prompt_tokens == after_sweep.prompt_tokens, "the counters begin at zero"
    assert after_sweep.engine_decode_tokens == with_fixed.engine_decode_tokens
    assert after_sweep.stop_reason == with_fixed.stop_reason, "the KV cache was empty"


async def test_a_fixed_prefill_leaves_decode_to_be_measured(rig: Rig) -> None:
    swept, trials = await _start(rig.runtime(_launch(rig, n_threads_batch=1)))
    assert swept.how in ("measured", "fallback") and swept.n_threads_batch == 1
    assert {trial.phase for trial in trials} == {"decode"}


@pytest.mark.parametrize(("decode", "prefill", "is_used"), [(2, 1, (2, 1)), (2, None, (2, 2))])
async def test_threads_that_are_fixed(rig: Rig, decode: int, prefill: int | None, is_used: tuple[int, int]) -> None:
    swept, trials = await _start(rig.runtime(_launch(rig, n_threads=decode, n_threads_batch=prefill)))
    assert (swept.how, swept.n_threads, swept.n_threads_batch) == ("fixed", *is_used)
    assert not trials and not swept.at


async def test_one_core_has_nothing_to_measure(rig: Rig) -> None:
    swept, trials = await _start(rig.runtime(_launch(rig, cores=1)))
    assert (swept.how, swept.n_threads, swept.n_threads_batch) == ("fallback", 1, 1)
    assert not trials and "one usable core" in swept.reason


async def test_a_sweep_that_is_remembered_is_not_made(rig: Rig) -> None:
    trial = Trial(t=0.5, phase="decode", n_threads=2, tokens=6, seconds=0.1, tokens_per_s=60.0)
    known = Swept(
        t=1.0,
        how="remembered",
        n_threads=2,
        n_threads_batch=1,
        reason="r",
        at="2026-01-02T03:04:05Z",
        age_s=90.0,
        trials=(trial,),
    )
    swept, trials = await _start(rig.runtime(_launch(rig).model_copy(update={"threads": known})))
    assert not trials and swept.t != known.t
    assert swept == known.model_copy(update={"t": swept.t})


ONE, TWO = [Timed(1, 40, 1.0), Timed(2, 20, 1.0)], [Timed(1, 20, 1.0), Timed(2, 40, 1.0)]


@pytest.mark.parametrize(
    ("decoded", "prefilled", "fixed", "how", "used", "said"),
    [
        (ONE, TWO, None, "measured", (1, 2), "decode: 1 thread, 40.0 tokens/s (2: 20.0); prefill: 2 threads, "),
        (ONE, [], 1, "measured", (1, 1), "; prefill fixed at 1 thread"),
        (ONE, [], None, "fallback", (1, 1), "; prefill: no token in time, 1 thread as for decode"),
        ([], ONE, None, "fallback", (3, 1), "decode: no token in time, 3 threads by a guess; prefill: 1 thread, "),
    ],
)
def test_a_phase_without_a_trial_is_told_with_what_it_takes_and_not_remembered(
    decoded: list[Timed], prefilled: list[Timed], fixed: int | None, how: str, used: tuple[int, int], said: str
) -> None:
    found = child_sweep._outcome(decoded, prefilled, fixed, guess=3)
    assert (found["how"], (found["n_threads"], found["n_threads_batch"])) == (how, used)
    assert said in found["reason"]


async def test_it_can_be_stopped_in_the_middle(rig: Rig) -> None:
    """The sweep is left at once, so that the model is freed: a busy machine may take a few attempts to be in time."""
    hows: list[str] = []
    while "unloaded" not in hows and len(hows) < 8:
        runtime = rig.runtime(_launch(rig))
        events: list[Event] = []
        stopped: Stopped | None = None
        async for event in runtime.start():
            events.append(event)
            if isinstance(event, Trial) and stopped is None:
                stopped = await runtime.stop()
        assert stopped is not None and stopped.gone and is_gone(stopped.pid)
        assert not {"swept", "failed"} & {event.event for event in events}
        hows.append(stopped.how)
    assert hows[-1] == "unloaded", hows
