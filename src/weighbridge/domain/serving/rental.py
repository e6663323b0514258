"""A rented GPU: what was ordered, what it costs, how far it got, and the proof that it stopped.

Money is US dollars. Nothing here is a default: a price has its source and its time, an unknown one is null.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from weighbridge.domain.base import Record

Engine = Literal["vllm", "sglang"]


class Price(Record):
    """What a unit of time costs, and who says so."""

    amount: float = Field(ge=0)
    unit: Literal["minute", "hour"]
    currency: str = "USD"
    provider: str = ""
    sku: str = ""
    source: Literal["hf_jobs_api", "user_typed"]
    source_url: str = ""
    retrieved_at: str = Field(description="ISO 8601 UTC")


class Hardware(Record):
    """One kind of machine that can be rented."""

    name: str
    title: str = ""
    cpu: str = ""
    ram: str = ""
    gpu: str = Field(default="", description="model; empty: none")
    gpus: int = 0
    gpu_memory_bytes: int | None = Field(default=None, description="of one GPU")
    price: Price | None = None


class Order(Record):
    """All that a rental is started from; on disk before anything is asked of the provider."""

    id: str = Field(description="ours; the provider keeps it as a label")
    run_id: str
    provider: Literal["hf_jobs"] = "hf_jobs"
    hardware: Hardware
    engine: Engine
    image: str = Field(description="container image with its tag")
    repo: str
    revision: str
    command: tuple[str, ...]
    port: int = 8000
    max_model_len: int
    cap_usd: float = Field(gt=0, description="the most that the person agreed to spend on all rentals of the run")
    earlier_usd: float = Field(default=0.0, ge=0, description="what of the cap the run's earlier rentals have spent")
    time_limit_s: int = Field(
        gt=0, description="the provider ends the job after so long: the cap at the price agreed to"
    )
    typed_price: Price | None = Field(default=None, description="the person's own, beside the provider's")
    with_token: bool = Field(
        default=False, description="the job gets the Hub token as a secret, as its repository is gated or private"
    )
    agreed_at: str


OVER = ("COMPLETED", "CANCELED", "ERROR", "DELETED")
"""Stages after which a job runs no more, and costs no more."""


class Stage(Record):
    """A state of the job as the provider told it."""

    at: str
    stage: str
    message: str = ""


class StopProof(Record):
    """What shows that nothing runs any more, and so costs nothing any more."""

    at: str = Field(description="when that stage was told: ISO 8601 UTC; of an end that is proven, after the last look")
    asked: bool = Field(description="whether we asked for the stop; else the job had ended by itself")
    stage: str = Field(description="of the job, as the provider tells it after the stop")
    endpoint_refuses: bool | None = Field(
        description="null: there was none, it was not asked, or its proxy did not tell"
    )
    endpoint_said: str = ""
    said: str = Field(default="", description="why it ended, in the provider's words; empty: not told")
    ended_at: str = Field(default="", description="by the provider's clock: ISO 8601 UTC; empty: not told")

    @property
    def proven(self) -> bool:
        """Whether the provider says that it is over, and no endpoint answers."""
        return self.stage in OVER and self.endpoint_refuses is not False


class Cost(Record):
    """What the rental cost: seconds x price. Null where one of them is not known."""

    seconds: float | None
    seconds_source: str = Field(description="the provider's own count, or the span between its two times")
    price: Price | None
    amount_usd: float | None
    typed_amount_usd: float | None = Field(default=None, description="at the person's own price")
    note: str = ""


class Waits(Record):
    """How long is waited for what, seconds. A GPU that is not free yet costs nothing; a server that loads does."""

    poll: float = Field(default=3.0, description="between two questions to the provider")
    scheduling: float = Field(default=900.0, description="until the machine is there")
    ready: float = Field(default=1800.0, description="from then on, until the server answers")
    silent: float = Field(default=120.0, description="while the provider does not answer")
    stop: float = Field(default=120.0, description="from the wish to stop until the provider says that it is over")
    refuse: float = Field(default=30.0, description="from then on, until the endpoint answers no more")
    found: float = Field(default=900.0, description="until a job that is in no list counts as never made")


class Rental(Record):
    """One rental from the order to the proof of stop."""

    order: Order
    job_id: str = Field(default="", description="of the provider; empty: it never said so")
    url: str = Field(default="", description="the job's page")
    endpoint: str = Field(default="", description="address of the API with /v1; empty until the server answered")
    exposed: str = Field(default="", description="where the Hub lets the job's port be reached; it needs its token")
    namespace: str = ""
    stages: tuple[Stage, ...] = ()
    log_tail: tuple[str, ...] = Field(default=(), description="last lines of the job's log")
    never: bool = Field(default=False, description="no job was made: the provider refused it, or knows none of this id")
    stop: StopProof | None = None
    cost: Cost | None = None
    message: str = Field(default="", description="why it failed, if it did")

    @property
    def over(self) -> bool:
        """Whether the stop is proven, or no job was ever made."""
        return self.never or (self.stop is not None and self.stop.proven)

    @property
    def stage(self) -> str:
        """The newest state that the provider told; empty: none yet."""
        return self.stages[-1].stage if self.stages else ""
