"""The fold of a job: counts, ranges, the engine's own counters, repeats and the system's figures."""

from __future__ import annotations

from typing import Any

import pytest
from job_events import answer, attempt

from weighbridge.domain.proof.events import Attempt, Conditions, Event, Loaded, RequestStarted, Sample, Spawned, Swept
from weighbridge.domain.proof.fold import JobFold
from weighbridge.domain.proof.measure import JobFigures, request_figures
from weighbridge.domain.proof.settings import RuntimeSettings
from weighbridge.domain.proof.summary import summarize
from weighbridge.domain.verdict.stats import P95_FROM, spread


def paced(request: str, start: float, tokens: int, gap: float, **more: Any) -> list[Event]:
    """An answer whose first token comes after a second, then one token every `gap` seconds."""
    return answer(request, start, [start + 1 + gap * i for i in range(tokens)], **more)


def counted(events: list[Event], **changes: Any) -> list[Event]:
    """The same events with other counters in the last `completed`."""
    return [*events[:-1], events[-1].model_copy(update=changes)]


def loaded(threads: int) -> Loaded:
    said = dict.fromkeys(Loaded.model_fields, 1) | {
        "event": "loaded", "t": 0.2, "description": "", "flash_attn": "", "type_k": "", "type_v": "",
        "use_extra_bufts": True, "load_mode": "", "chat_template_sha256": None, "omp_wait_policy": None,
        "omp_spin_count": None, "offload": None, "n_threads": threads, "n_threads_batch": threads,
    }  # fmt: skip
    return Loaded.model_validate(said)


def test_a_median_of_few_values_comes_with_each_of_them() -> None:
    figures = summarize(paced("a", 0, 3, 0.1) + paced("b", 10, 3, 0.2) + paced("c", 20, 3, 0.4))
    assert figures.requests == 3
    rates = figures.spreads["decode_tokens_per_s"]
    assert (rates.n, rates.median, rates.low, rates.high) == (3, 5.0, 2.5, 10.0)
    assert rates.dots == (10.0, 5.0, 2.5)
    assert rates.p95 is None
    assert (figures.ttft_min_s, figures.ttft_s, figures.ttft_max_s) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("n", "dots", "p95"), [(5, 5, False), (6, 0, False), (P95_FROM - 1, 0, False), (P95_FROM, 0, True)]
)
def test_what_is_said_depends_on_the_count(n: int, dots: int, p95: bool) -> None:
    made = spread([float(i) for i in range(n)])
    assert made is not None
    assert (made.n, len(made.dots), made.p95 is not None) == (n, dots, p95)


def test_no_value_has_no_spread() -> None:
    assert spread([]) is None
    assert summarize([attempt()]).spreads == {}
    assert summarize([attempt()]).requests is None


def test_a_kept_prefix_never_enters_the_cold_figures() -> None:
    cold = paced("a", 0, 3, 0.1)
    kept = counted(answer("b", 10, [10.1, 10.2, 10.3]), reused_tokens=20, prefill_s=0.01, engine_prompt_tokens=10)
    figures = summarize([*cold, *kept])
    assert (figures.ttft_s, figures.ttft_max_s, figures.ttft_reused_s) == (1.0, 1.0, 0.1)
    assert figures.prefill_tokens_per_s == 60.0
    assert figures.spreads["decode_tokens_per_s"].n == 2
    assert request_figures(kept)[0].prefill_tokens_per_s == 1000.0


@pytest.mark.parametrize(
    ("engine_ms", "words"),
    [(1900.0, None), (1000.0, "decode: 10.0 tokens/s here, 19.0 by the engine"), (2100.0, "one of the two clocks")],
)
def test_a_rate_that_the_engine_denies_is_said(engine_ms: float, words: str | None) -> None:
    events = counted(paced("a", 0, 20, 0.1), engine_decode_tokens=19, engine_decode_ms=engine_ms)
    figures = summarize(events)
    assert figures.engine_decode_tokens_per_s == pytest.approx(19 / engine_ms * 1000, abs=1e-3)
    said = " ".join(figures.disagreements)
    assert words in said if words else said == ""


@pytest.mark.parametrize(("tokens", "engine_ms"), [(15, 700.0), (20, 19.0)])
def test_answers_that_are_too_short_are_not_held_against_the_engine(tokens: int, engine_ms: float) -> None:
    events = counted(paced("a", 0, tokens, 0.1), engine_decode_tokens=tokens, engine_decode_ms=engine_ms)
    assert summarize(events).disagreements == ()


def test_prefill_is_compared_too() -> None:
    events = counted(paced("a", 0, 3, 0.1), engine_prompt_tokens=30, engine_prompt_ms=300.0)
    (said,) = summarize(events).disagreements
    assert said.startswith("prefill: 60.0 tokens/s here, 100.0")


@pytest.mark.parametrize(("temperature", "unstable"), [(0.0, ("first-run",)), (0.7, ())])
def test_repeats_that_disagree_are_unstable_at_temperature_0_alone(
    temperature: float, unstable: tuple[str, ...]
) -> None:
    begin = attempt().model_copy(update={"settings": RuntimeSettings(temperature=temperature, repeats=3)})
    one, two = answer("first-run", 1, [2.0]), answer("first-run#2", 3, [4.0])
    other = answer("first-run#3", 5, [6.0], ["y"])
    assert summarize([begin, *one, *two]).unstable == ()
    assert summarize([begin, *one, *two, *other]).unstable == unstable


def test_threads_are_those_of_the_sweep_where_there_was_one() -> None:
    swept = Swept(t=1, how="measured", n_threads=1, n_threads_batch=2, reason="")
    alone, both = summarize([attempt(), loaded(4)]), summarize([attempt(), loaded(4), swept])
    assert (alone.threads, alone.threads_batch, alone.load_s) == (4, 4, 1.0)
    assert (both.threads, both.threads_batch) == (1, 2)


def test_the_newest_known_reading_counts_and_what_is_never_told_stays_unknown() -> None:
    samples = [
        Sample(t=2, rss_bytes=10, uss_bytes=7, swap_bytes=5, minor_faults=100, cpu_s=1.0, cost_s=0.01, load1=0.5),
        Sample(t=4, rss_bytes=12, swap_bytes=0, minor_faults=120, cpu_s=2.0, cost_s=0.03),
        Sample(t=5, rss_bytes=11),
    ]
    figures = summarize([attempt(), Spawned(t=1, pid=1), *samples])
    assert (figures.uss_bytes, figures.pss_bytes, figures.swap_bytes) == (7, None, 5)
    assert (figures.minor_faults, figures.major_faults, figures.cpu_s) == (120, None, 2.0)
    assert figures.sampler_percent == pytest.approx(1.0)
    soon: list[Event] = [Spawned(t=1, pid=1), Sample(t=1.2, rss_bytes=10, cost_s=0.1)]
    assert summarize([attempt(), *soon]).sampler_percent is None, "a share of a moment says nothing"
    assert (figures.peak_rss_bytes, figures.load1_after) == (12, 0.5)
    after = Conditions(t=6, when="after", window_s=0.2, load1=0.9)
    assert summarize([attempt(), *samples, after]).load1_after == 0.9


def test_a_second_child_is_not_coloured_by_the_first() -> None:
    first = [attempt(), Sample(t=1, rss_bytes=900), *answer("a", 2, [3.0])]
    second = [
        attempt().model_copy(update={"number": 2, "mode": "safe"}),
        Sample(t=5, rss_bytes=100),
        *answer("b", 6, [8.0]),
    ]
    fold = JobFold()
    for event in [*first, *second]:
        fold.add(event)
    assert [r.peak_rss_bytes for r in fold.requests()] == [900, 100]
    assert (fold.figures().requests, fold.figures().peak_rss_bytes, fold.figures().ttft_s) == (1, 100, 2.0)
    assert len(fold.figures().attempts) == 2
    newest = fold.newest(Attempt)
    assert newest is not None and newest.mode == "safe"
    assert fold.newest(RequestStarted) is not None


def test_the_figures_are_the_same_at_any_moment_and_survive_a_file() -> None:
    fold = JobFold()
    events = [attempt(), *paced("a", 0, 70, 0.1)]
    for event in events:
        fold.add(event)
        fold.figures()
    assert fold.figures() == summarize(events)
    assert JobFigures.model_validate_json(fold.figures().model_dump_json()) == fold.figures()
