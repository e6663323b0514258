"""Quiet, contended or unknown: the rule, by synthetic streams of events."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf, nan

import pytest

from weighbridge.domain.proof.events import Attempt, Completed, Event, Failed, Loaded, RequestStarted
from weighbridge.domain.proof.noise import (
    LEAST_S,
    OTHERS_PERCENT,
    RULE,
    RUN_DELAY_PERCENT,
    STEAL_PERCENT,
    Noise,
    NoiseFold,
)
from weighbridge.domain.proof.samples import Sample, Sensors
from weighbridge.domain.proof.settings import RuntimeSettings
from weighbridge.domain.proof.threads import Swept


@dataclass(frozen=True)
class Machine:
    """Steady rates of one synthetic run, as a kernel would count them: a second gives so much."""

    cores: int | None = 2
    threads: int = 1
    cpu: float | None = 1.0
    delay: float | None = 0.005
    others: float | None = 2.0
    steal: float | None = 0.0
    switches: int | None = 5

    def sample(self, t: float, since: float = 0.0, first: bool = False) -> Sample:
        def grown(rate: float | None) -> float | None:
            return None if rate is None else rate * (t - since)

        return Sample(
            t=t,
            rss_bytes=1,
            cpu_s=grown(self.cpu),
            run_delay_s=grown(self.delay),
            involuntary_switches=None if self.switches is None else round(self.switches * (t - since)),
            others_percent=None if first else self.others,
            steal_percent=None if first else self.steal,
        )


QUIET = Machine()


def started(t: float, warmup: bool = False) -> RequestStarted:
    return RequestStarted(t=t, request="r", warmup=warmup, prompt="?", prompt_tokens=1)


def completed(t: float, warmup: bool = False) -> Completed:
    return Completed(
        t=t, request="r", warmup=warmup, output="", stop_reason="eos", prompt_tokens=1, output_tokens=1, prefill_s=0.1,
        engine_prompt_ms=1.0, engine_prompt_tokens=1, engine_decode_ms=1.0, engine_decode_tokens=1,
    )  # fmt: skip


def attempt(number: int = 1) -> Attempt:
    return Attempt(
        t=0.0, at="", job="proof", job_id="j", number=number, mode="default", reason="", runtime="", version="",
        command=(), model_file="", model_sha256="", settings=RuntimeSettings(), available_bytes=None,
    )  # fmt: skip


def loaded(threads: int) -> Loaded:
    return Loaded(
        t=0.0, load_s=0.1, description="", weights_bytes=1, n_params=1, n_vocab=1, n_ctx_train=1, n_ctx=1, n_batch=1,
        n_ubatch=1, n_threads=threads, n_threads_batch=threads, model_buffer_bytes=None, kv_buffer_bytes=None,
        compute_buffer_bytes=None, output_buffer_bytes=None, repack_buffer_bytes=None, flash_attn="", type_k="",
        type_v="", use_extra_bufts=True, load_mode="", chat_template_sha256=None,
    )  # fmt: skip


def swept(threads: int, threads_batch: int) -> Swept:
    return Swept(t=0.0, how="measured", n_threads=threads, n_threads_batch=threads_batch, reason="")


def fold(*events: Event) -> Noise:
    folded = NoiseFold()
    for event in events:
        folded.add(event)
    return folded.result()


def head(machine: Machine) -> list[Event]:
    """What precedes the first prompt."""
    return [
        attempt(),
        Sensors(t=0.0, interval_s=0.2, missing={}, cores=machine.cores),
        loaded(machine.threads),
        machine.sample(0.0, first=True),
    ]


def run(machine: Machine, seconds: float = 4.0, every: float = 0.2) -> Noise:
    """One prompt from 1 s on, sampled all the time."""
    ticks = [round(every * i, 6) for i in range(1, int((2 + seconds) / every))]
    samples = [machine.sample(t) for t in ticks]
    events: list[Event] = [started(1.0), completed(1.0 + seconds), *samples]
    return fold(*head(machine), *sorted(events, key=lambda event: event.t))


def test_a_quiet_machine_is_quiet_and_says_its_figures() -> None:
    noise = run(QUIET)
    assert (noise.mark, noise.reasons, noise.missing) == ("quiet", (), ())
    assert noise.cpu_over_wall == pytest.approx(1.0)
    assert noise.run_delay_percent == pytest.approx(0.5)
    assert noise.involuntary_per_cpu_s == pytest.approx(5, rel=0.1)
    assert noise.others_percent == pytest.approx(2.0)
    assert noise.sampled_s == pytest.approx(4.0)


@pytest.mark.parametrize(
    ("machine", "reason"),
    [
        (replace(QUIET, delay=0.11), "waited for a core for 11 %"),
        (replace(QUIET, others=30.0), "took 30 % of one core, above 20 %"),
        (replace(QUIET, threads=2, others=16.0), "took 16 % of one core, above 15 %"),
        (replace(QUIET, cores=None, others=16.0), "above 15 %"),
        (replace(QUIET, steal=4.0), "hypervisor took 4 %"),
        (replace(QUIET, delay=None, cpu=0.6), "got 0.60 cores, less than 0.7"),
        (replace(QUIET, delay=None, threads=2, cpu=1.2), "got 1.20 cores, less than 1.4"),
    ],
)
def test_what_makes_a_run_contended(machine: Machine, reason: str) -> None:
    noise = run(machine)
    assert noise.mark == "contended"
    assert [reason in said for said in noise.reasons] == [True]


@pytest.mark.parametrize(
    "machine",
    [
        replace(QUIET, delay=RUN_DELAY_PERCENT / 100 - 0.001),
        replace(QUIET, others=19.0),
        replace(QUIET, threads=2, others=OTHERS_PERCENT - 1, cpu=1.9),
        replace(QUIET, cores=8, threads=4, cpu=3.9, others=79.0),
        replace(QUIET, steal=STEAL_PERCENT - 0.1),
        replace(QUIET, threads=2, cpu=1.83, delay=1.83 * 0.051, others=5.4, switches=410),
        replace(QUIET, cpu=0.6),
        replace(QUIET, delay=None, cpu=0.8),
    ],
)
def test_what_does_not(machine: Machine) -> None:
    assert run(machine).mark == "quiet"


def test_every_reason_is_told() -> None:
    assert len(run(replace(QUIET, delay=0.5, others=90.0, steal=9.0)).reasons) == 3


def test_the_larger_of_the_two_counts_of_threads_decides_what_is_left_free() -> None:
    quiet = [QUIET.sample(round(0.2 * i, 6)) for i in range(1, 20)]
    noisy = [sample.model_copy(update={"others_percent": 20.0}) for sample in quiet]
    assert fold(*head(QUIET), swept(1, 1), started(0.0), *noisy).mark == "quiet"
    assert fold(*head(QUIET), swept(1, 2), started(0.0), *noisy).mark == "contended"


def test_only_the_work_counts() -> None:
    """Load, sweep and warm-up are noisy, and so is the machine behind the answer; the answer itself is quiet."""
    loud = replace(QUIET, others=180.0)
    noise = fold(
        *head(QUIET),
        loud.sample(1.0),
        started(1.0, warmup=True),
        loud.sample(2.0),
        completed(2.0, warmup=True),
        loud.sample(3.0),
        started(3.0),
        QUIET.sample(4.0),
        completed(4.0),
        loud.sample(5.0),
    )
    assert (noise.mark, noise.sampled_s, noise.others_percent) == ("quiet", 1.0, 2.0)


def test_a_sample_counts_by_the_part_of_its_time_that_was_worked() -> None:
    """Two answers of a quarter second within one loud second, then a quiet second of work."""
    loud = replace(QUIET, others=92.0)
    noise = fold(
        *head(QUIET),
        started(0.1),
        completed(0.35),
        started(0.5),
        completed(0.75),
        loud.sample(1.0),
        started(1.0),
        QUIET.sample(2.0),
    )
    assert noise.sampled_s == pytest.approx(1.5)
    assert noise.others_percent == pytest.approx((92 * 0.5 + 2 * 1.0) / 1.5, abs=0.01)
    assert noise.cpu_over_wall == pytest.approx(1.0)


def test_a_sample_that_comes_late_does_not_cut_an_answer() -> None:
    noise = fold(*head(QUIET), started(0.0), completed(2.0), QUIET.sample(1.0), QUIET.sample(3.0))
    assert noise.sampled_s == 2.0


def test_what_is_a_little_too_short_is_told_apart_from_what_is_needed() -> None:
    noise = fold(*head(QUIET), started(0.0), QUIET.sample(0.499), completed(0.499))
    assert noise.reasons == ("Too short to say: samples cover 0.49 s of work, and 0.50 s are needed.",)


def test_an_answer_that_is_cut_off_counts_until_the_end() -> None:
    broken = Failed(t=2.0, kind="crash", phase="decode", message="")
    noise = fold(*head(QUIET), started(0.0), QUIET.sample(1.0), broken, QUIET.sample(3.0))
    assert (noise.mark, noise.sampled_s) == ("quiet", 2.0)


def test_the_newest_attempt_counts() -> None:
    """The second child starts its counters at 0; what the first one met says nothing of it."""
    loud = replace(QUIET, others=180.0, delay=1.0)
    first: list[Event] = [
        *head(QUIET),
        started(0.0),
        loud.sample(2.0),
        Failed(t=2.0, kind="crash", phase="decode", message=""),
    ]
    again: list[Event] = [
        attempt(2),
        loaded(1),
        QUIET.sample(3.0, since=3.0, first=True),
        started(3.0),
        QUIET.sample(5.0, since=3.0),
    ]
    assert fold(*first).mark == "contended"
    assert fold(*first, *again).mark == "quiet"


def test_too_short_is_unknown_with_the_reason() -> None:
    assert fold(*head(QUIET), started(0.1), completed(0.15)).mark == "unknown"
    noise = run(replace(QUIET, others=180.0), seconds=LEAST_S - 0.2)
    assert noise.mark == "unknown" and f"{LEAST_S:.2f} s are needed" in noise.reasons[0]


def test_a_run_of_an_older_version_is_unknown() -> None:
    """Its samples tell neither run delay nor what others took."""
    noise = run(Machine(cores=None, cpu=None, delay=None, others=None, steal=None))
    assert noise.mark == "unknown" and "neither" in noise.reasons[0]
    assert noise.others_percent is None and noise.cpu_over_wall is None


def test_a_system_without_run_delay_and_steal_is_judged_by_the_rest_and_says_so() -> None:
    noise = run(replace(QUIET, delay=None, steal=None, switches=None))
    assert noise.mark == "quiet"
    assert noise.missing == ("how long ready threads waited for a core", "what a hypervisor took")
    assert noise.run_delay_percent is None and noise.involuntary_per_cpu_s is None


@pytest.mark.parametrize("odd", [nan, inf, -inf, -5.0, 1e300])
def test_figures_that_no_machine_gives_are_left_out(odd: float) -> None:
    good = [QUIET.sample(round(0.2 * i, 6)) for i in range(1, 20)]
    at = 10
    bad = good[at].model_copy(update={"others_percent": odd, "steal_percent": odd, "cpu_s": odd, "run_delay_s": odd})
    late = good[at].model_copy(update={"t": odd})
    for strange in (bad, late):
        noise = fold(*head(QUIET), started(0.0), *good[:at], strange, *good[at + 1 :])
        assert noise.mark == "quiet"
        assert all(0 <= value < 1e6 for value in noise.model_dump().values() if isinstance(value, float))


def test_the_rule_names_its_limits() -> None:
    for limit in (RUN_DELAY_PERCENT, OTHERS_PERCENT, STEAL_PERCENT):
        assert f"{limit:g} %" in RULE
