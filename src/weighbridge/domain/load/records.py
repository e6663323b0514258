"""What a load test leaves: a step a concurrency, with throughput, latency and errors."""

from __future__ import annotations

from pydantic import Field

from weighbridge.domain.base import Record
from weighbridge.domain.serving.target import Target
from weighbridge.domain.verdict.stats import Spread


class LoadStep(Record):
    """So many requests at once. Percentiles are there only where the count allows them (see Spread)."""

    concurrency: int = Field(ge=1)
    requests: int = Field(description="that were answered whole")
    errors: int = 0
    error_sentences: tuple[str, ...] = Field(default=(), description="each once, at most 10")
    seconds: float = Field(description="from the first request to the last answer")
    requests_per_s: float | None = None
    output_tokens: int | None = Field(default=None, description="as the server counted them; null: it does not")
    output_tokens_per_s: float | None = None
    ttft_s: Spread | None = None
    itl_s: Spread | None = Field(default=None, description="between pieces of text")
    total_s: Spread | None = None


class LoadRecord(Record):
    """The ramp of one load test."""

    at: str
    inputs: str = Field(default="", description="digest of what it was run with, as of an eval")
    target: Target
    cases_digest: str
    steps: tuple[LoadStep, ...] = ()
    ended: str = Field(default="", description="why the ramp ended: through, first errors, stopped")
