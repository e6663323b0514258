"""What a load test leaves: a line a request, and a step a concurrency with throughput, latency and errors."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from weighbridge.domain.base import Record
from weighbridge.domain.proof.remote import Connected
from weighbridge.domain.serving.target import Target
from weighbridge.domain.verdict.stats import Spread

LoadEnd = Literal["running", "through", "errors", "time_limit", "stopped", "failed"]
"""`running`: it runs, or the program was killed meanwhile. `errors`: the ramp ended at its first errors. `time_limit`:
the time for all of it was over. `failed`: not one request could be sent."""


class LoadRequest(Record):
    """One request of a load test: a line of `load.jsonl`. Times are seconds from the start of the load test, by our
    own clock."""

    load: str = Field(description="id of the load test")
    concurrency: int = Field(ge=1, description="of the step that it belongs to")
    number: int = Field(ge=1, description="within the step, in the order of the starts")
    case: str
    t_start: float = Field(description="the request was handed to the client")
    t_pieces: tuple[float, ...] = Field(default=(), description="when each piece of text arrived; the first gives TTFT")
    t_end: float = Field(description="the answer was whole, or the request had failed")
    prompt_tokens: int | None = Field(default=None, description="as the server counted them; null: it does not")
    output_tokens: int | None = Field(default=None, description="as the server counted them; null: it does not")
    reused_tokens: int = Field(default=0, description="of the prompt, that the server kept from an earlier one")
    stop_reason: str = ""
    error: str = Field(default="", description="one sentence; empty: the answer came whole")
    given_up: bool = Field(default=False, description="by a stop of the load test: neither an answer nor an error")

    @property
    def answered(self) -> bool:
        """Whether the answer came whole."""
        return not self.error and not self.given_up


class LoadStep(Record):
    """So many requests at once. Percentiles are there only where the count allows them (see Spread)."""

    concurrency: int = Field(ge=1)
    requests: int = Field(description="that were answered whole")
    planned: int = Field(description="requests that the step was to have")
    errors: int = 0
    error_sentences: tuple[str, ...] = Field(default=(), description="each once, at most 10")
    empty: int = Field(default=0, description="answers without a piece of text: they have no TTFT")
    reused: int = Field(default=0, description="answers for which the server kept a part of the prompt: no cold TTFT")
    seconds: float = Field(description="from the first request to the last answer")
    in_flight: float | None = Field(default=None, description="requests under way on average; null: nothing took time")
    requests_per_s: float | None = None
    output_tokens: int | None = Field(default=None, description="as the server counted them; null: it does not")
    output_tokens_per_s: float | None = None
    ttft_s: Spread | None = None
    itl_s: Spread | None = Field(default=None, description="between pieces of text, those of all answers together")
    total_s: Spread | None = None


class LoadRecord(Record):
    """The ramp of one load test."""

    id: str
    at: str
    inputs: str = Field(default="", description="digest of what it was run with, as of an eval")
    target: Target
    connected: Connected | None = Field(default=None, description="what the server told of itself; null: it did not")
    cases_digest: str
    ladder: tuple[int, ...] = Field(description="concurrencies that were asked for")
    max_tokens: int = Field(description="most tokens of one answer, where a case does not say its own")
    steps: tuple[LoadStep, ...] = ()
    ended: LoadEnd = "running"
    message: str = Field(default="", description="why it failed, one sentence; empty: it did not")
    shutdown: str = Field(default="", description="what became of the server; empty: it was never reached")


class LoadProgress(Record):
    """Where the running step stands. Not kept: the requests themselves are."""

    concurrency: int
    planned: int
    done: int = 0
    errors: int = 0
    in_flight: int = 0
    pieces: int = Field(default=0, description="pieces of text that have arrived in this step")
    seconds: float = Field(default=0.0, description="since the step began")
    phase: Literal["connecting", "warm-up", "requests"] = "requests"
