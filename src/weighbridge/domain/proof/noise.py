"""Whether a run was quiet or contended: by a rule that is printed, from what the system said while it ran.

Only the work counts: from the moment a prompt is handed over until its answer is complete. The load, the search for
the best number of threads and the warm-up are left out. A sample speaks for the time since the one before it, and
counts by the part of that time in which a prompt was worked on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from weighbridge.domain.base import Record
from weighbridge.domain.proof.events import Attempt, Completed, Event, Failed, Loaded, RequestStarted, Spawned, Stopped
from weighbridge.domain.proof.samples import Sample, Sensors
from weighbridge.domain.proof.threads import Swept

Mark = Literal["quiet", "contended", "unknown"]

RUN_DELAY_PERCENT = 10.0
"""Of the processor time that the engine got. Measured on two cores: two threads wait for 1 to 2 % on a quiet machine,
for 5 % beside a live panel, which is our own, and for 40 % and more beside one busy process."""
OTHERS_SHARE = 0.2
"""Of the cores that the engine leaves free: who runs there still shares memory and caches with it."""
OTHERS_PERCENT = 15.0
"""Of one core: so much is always allowed."""
STEAL_PERCENT = 3.0
"""Of all cores."""
CPU_SHARE = 0.7
"""Of a core for each thread. Judged only where the system does not tell the run delay."""
LEAST_S = 0.5
"""Seconds of work that samples must cover: systems count processor time in steps of about 0.01 s."""

_ABSURD = 1e9
"""Percent, seconds or switches that no machine counts between two samples: such a figure, or no number, is left out."""

UNSEEN = "The server's machine is not seen from here: whether it was quiet is not known."
RULE = (
    f"contended where ready threads of the engine waited for a core for more than {RUN_DELAY_PERCENT:g} % of the "
    f"processor time they got, or other programs took more than {OTHERS_SHARE * 100:g} % of the cores that the engine "
    f"left free (up to {OTHERS_PERCENT:g} % of one core is allowed in any case), or the hypervisor took more than "
    f"{STEAL_PERCENT:g} % of the machine, all while prompts were worked on, the warm-up left out. Where the system "
    f"does not tell how long threads waited: where they got less than {CPU_SHARE * 100:g} % of a core each. unknown "
    "where a server on another machine answered"
)
"""The rule for a person, printed beside every mark."""


class Noise(Record):
    """The mark of one job, with the figures it rests on. None: this system does not tell."""

    mark: Mark
    reasons: tuple[str, ...]
    """Sentences; for `quiet` empty, for `unknown` what could not be read."""
    others_percent: float | None = None
    """Mean while requests were worked on, of one core: processor time taken by others."""
    steal_percent: float | None = None
    """Mean, of all cores: taken by the hypervisor."""
    run_delay_percent: float | None = None
    """Time that ready threads waited for a core, of the processor time that they got."""
    involuntary_per_cpu_s: float | None = None
    """Involuntary context switches a second of processor time."""
    cpu_over_wall: float | None = None
    """Processor seconds of the child over the seconds of its requests: near the number of threads in a quiet run."""
    sampled_s: float = 0.0
    """Seconds of work that the samples cover."""
    missing: tuple[str, ...] = ()
    """Figures of the rule that this system did not give."""


def contended_first(noise: Noise | None) -> str:
    """Figures of a contended run are never shown without that word: it comes first, where no line cuts it away."""
    return "contended: " if noise is not None and noise.mark == "contended" else ""


@dataclass
class _Quotient:
    """Sum of one figure over the sum of another; None without a denominator."""

    above: float = 0.0
    below: float = 0.0

    def add(self, above: float, below: float) -> None:
        self.above += above
        self.below += below

    def value(self, times: float = 1.0) -> float | None:
        return round(times * self.above / self.below, 2) if self.below > 0 else None


class NoiseFold:
    """Takes the events of one job in order, and says the mark of its newest attempt at any time.

    It keeps sums only, so that a job of any length needs no more memory.
    """

    def __init__(self) -> None:
        self._cores: int | None = None
        self._reset()

    def _reset(self, served: bool = False) -> None:
        self._unseen = served
        self._threads: tuple[int, int] | None = None
        self._open: float | None = None
        self._closed: list[tuple[float, float]] = []
        self._before: Sample | None = None
        self._sampled_s = 0.0
        self._others, self._steal, self._cpu = _Quotient(), _Quotient(), _Quotient()
        self._delay, self._switches = _Quotient(), _Quotient()

    def add(self, event: Event) -> None:
        match event:
            case Attempt():
                self._reset(served=event.target is not None)
            case Spawned():
                self._unseen = False
            case Sensors():
                self._cores = event.cores
            case Loaded() | Swept():
                self._threads = (event.n_threads, event.n_threads_batch)
            case RequestStarted():
                self._close(event.t)
                self._open = None if event.warmup else event.t
            case Completed() | Failed() | Stopped():
                self._close(event.t)
            case Sample():
                self._take(event)
            case _:
                pass

    def result(self) -> Noise:
        """The mark, with its reasons."""
        figures = {
            "others_percent": self._others.value(),
            "steal_percent": self._steal.value(),
            "run_delay_percent": self._delay.value(100.0),
            "involuntary_per_cpu_s": self._switches.value(),
            "cpu_over_wall": self._cpu.value(),
        }
        blank = Noise(mark="unknown", reasons=(), sampled_s=round(self._sampled_s, 3), **figures)
        unsaid = _missing(blank)
        unknown = [UNSEEN] if self._unseen else _unknown(blank)
        reasons = unknown or _contended(blank, self._threads, self._cores)
        mark: Mark = "unknown" if unknown else "contended" if reasons else "quiet"
        return blank.model_copy(update={"mark": mark, "reasons": tuple(reasons), "missing": tuple(unsaid)})

    def _close(self, t: float) -> None:
        """The prompt that was worked on is over."""
        if self._open is not None:
            self._closed.append((self._open, t))
            self._open = None

    def _take(self, sample: Sample) -> None:
        before, self._before = self._before, sample
        if before is None:
            return
        worked = self._worked(before.t, sample.t)
        if not 0 < worked < _ABSURD:
            return
        self._sampled_s += worked
        part = worked / (sample.t - before.t)
        for mean, percent in ((self._others, sample.others_percent), (self._steal, sample.steal_percent)):
            if percent is not None and 0 <= percent < _ABSURD:
                mean.add(percent * worked, worked)
        cpu_s = _grown(before.cpu_s, sample.cpu_s)
        if cpu_s is None:
            return
        self._cpu.add(cpu_s * part, worked)
        for quotient, grown in (
            (self._delay, _grown(before.run_delay_s, sample.run_delay_s)),
            (self._switches, _grown(before.involuntary_switches, sample.involuntary_switches)),
        ):
            if grown is not None:
                quotient.add(grown * part, cpu_s * part)

    def _worked(self, start: float, end: float) -> float:
        """Seconds from `start` to `end` in which a prompt was worked on. What is over by then is forgotten."""
        spans = [*self._closed, *([(self._open, end)] if self._open is not None else [])]
        self._closed = [span for span in self._closed if span[1] > end]
        return sum(max(0.0, min(end, till) - max(start, since)) for since, till in spans)


def _grown(before: float | None, after: float | None) -> float | None:
    """How much a counter grew; None where it is not told, or makes no sense."""
    if before is None or after is None or not 0 <= before <= after:
        return None
    grown = after - before
    return grown if grown < _ABSURD else None


def _missing(noise: Noise) -> list[str]:
    said = {
        "how long ready threads waited for a core": noise.run_delay_percent,
        "what other programs took": noise.others_percent,
        "what a hypervisor took": noise.steal_percent,
    }
    return [what for what, value in said.items() if value is None]


def _unknown(noise: Noise) -> list[str]:
    """Why nothing can be said."""
    if noise.sampled_s < LEAST_S:
        covered = int(noise.sampled_s * 100) / 100
        return [f"Too short to say: samples cover {covered:.2f} s of work, and {LEAST_S:.2f} s are needed."]
    if noise.run_delay_percent is None and noise.others_percent is None:
        return ["The samples tell neither how long ready threads waited for a core nor what other programs took."]
    return []


def _contended(noise: Noise, threads: tuple[int, int] | None, cores: int | None) -> list[str]:
    """What is above the limits, in sentences."""
    free = max(0, cores - max(threads)) if threads and cores else 0
    others = max(OTHERS_PERCENT, OTHERS_SHARE * free * 100)
    least = CPU_SHARE * min(threads) if threads and noise.run_delay_percent is None else 0.0
    found = []
    if noise.run_delay_percent is not None and noise.run_delay_percent > RUN_DELAY_PERCENT:
        found.append(
            f"Threads of the engine waited for a core for {noise.run_delay_percent:.0f} % of the processor time they "
            f"got, above {RUN_DELAY_PERCENT:g} %."
        )
    if noise.cpu_over_wall is not None and noise.cpu_over_wall < least:
        found.append(f"The engine got {noise.cpu_over_wall:.2f} cores, less than {least:.1f}.")
    if noise.others_percent is not None and noise.others_percent > others:
        found.append(f"Other programs took {noise.others_percent:.0f} % of one core, above {others:.0f} %.")
    if noise.steal_percent is not None and noise.steal_percent > STEAL_PERCENT:
        found.append(f"The hypervisor took {noise.steal_percent:.0f} % of the machine, above {STEAL_PERCENT:g} %.")
    return found
