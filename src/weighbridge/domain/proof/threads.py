"""How many threads the engine gets: a short measurement of this machine, model and moment, and the rule that chooses.

Prefill and decode are measured apart, because they scale apart: a prompt keeps every thread busy, a single token mostly
waits for memory.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from weighbridge.domain.base import Record

SweepPhase = Literal["prefill", "decode"]


class Trial(Record):
    """One thread count in one phase, measured for a fraction of a second in the child that will do the work."""

    event: Literal["trial"] = "trial"
    t: float
    phase: SweepPhase
    n_threads: int = Field(ge=1)
    tokens: int = Field(ge=0, description="computed within `seconds`")
    seconds: float
    tokens_per_s: float


class ThreadsLowered(Record):
    """In the middle of an answer the child went on with one thread: another program had taken a core.

    Answers are the same with any number of threads; figures are not, and such a run is contended.
    """

    event: Literal["threads_lowered"] = "threads_lowered"
    t: float
    n_threads_before: int
    n_threads: int = Field(description="for decode and prefill, from here on")
    gap_s: float = Field(description="time between two tokens, the last of several slow ones")
    usual_s: float = Field(description="what it was before")

    @property
    def sentence(self) -> str:
        """For a person."""
        return (
            f"threads lowered from {self.n_threads_before} to {self.n_threads}: a token took "
            f"{self.gap_s * 1000:.0f} ms in place of {self.usual_s * 1000:.0f} ms, for another program had taken a core"
        )


class Swept(Record):
    """The threads of this child, and how they were come by.

    `measured`: by the trials in this job. `remembered`: by an earlier sweep of the same machine, build, model and
    settings, `age_s` ago. `fixed`: by the person. `fallback`: not all could be measured; `reason` says what.
    """

    event: Literal["swept"] = "swept"
    t: float
    how: Literal["measured", "remembered", "fixed", "fallback"]
    n_threads: int = Field(ge=1, description="for decode")
    n_threads_batch: int = Field(ge=1, description="for prefill")
    reason: str = Field(description="one sentence for a person")
    at: str = Field(default="", description="wall clock of the measurement, ISO 8601 UTC; empty: nothing was measured")
    age_s: float = 0.0
    seconds: float = Field(default=0.0, description="what the sweep took")
    load1: float | None = None
    trials: tuple[Trial, ...] = ()
