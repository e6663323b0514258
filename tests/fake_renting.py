"""The session's renting without a provider: order, way to the endpoint and stop, as a test scripts them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from weighbridge.domain.serving.billing import PriceChanged, cost_of
from weighbridge.domain.serving.rental import Hardware, Order, Price, Rental, Stage, StopProof
from weighbridge.session import Session
from weighbridge.session.rental import renting

AT = "2026-01-02T03:04:05Z"
PRICE = Price(amount=0.01, unit="minute", source="hf_jobs_api", retrieved_at=AT)
L4 = Hardware(name="l4x1", gpu="L4", gpus=1, gpu_memory_bytes=24 * 10**9, price=PRICE)
BARE = Hardware(name="cpu-basic", cpu="8 vCPU", ram="30 GB")


def order(run_id: str = "r", order_id: str = "20260102030405-abcdef") -> Order:
    return Order(
        id=order_id, run_id=run_id, hardware=L4, engine="vllm", image="vllm/vllm-openai:v1", repo="acme/small",
        revision="0" * 40, command=("vllm",), max_model_len=4096, cap_usd=1.0, time_limit_s=5940, agreed_at=AT,
    )  # fmt: skip


class Provider:
    """Answers in place of `session/rental/renting`; each test sets what goes wrong."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.gate: asyncio.Event | None = None
        """The server comes up only once it is set."""
        self.prices_changed = 0
        self.refuses = True
        self.left: tuple[Rental, ...] = ()
        self.stopped: list[str] = []

    async def hardware(self, deps: object) -> tuple[Hardware, ...]:
        return (BARE, L4)

    async def order_of(self, session: Session, with_token: bool = False) -> Order:
        return order(session.run.id)

    async def rent(self, session: Session, agreed: Order) -> AsyncGenerator[Rental, None]:
        if self.prices_changed:
            self.prices_changed -= 1
            raise PriceChanged(PRICE, PRICE.model_copy(update={"amount": 0.02}))
        rental = Rental(order=agreed, job_id="job-1", stages=(Stage(at=AT, stage="SCHEDULING"),))
        yield self.keep(rental.model_copy(update={"log_tail": ("pulling the image",)}))
        if self.gate is not None:
            await self.gate.wait()
        running = (*rental.stages, Stage(at=AT, stage="RUNNING"))
        yield self.keep(rental.model_copy(update={"stages": running, "endpoint": "http://127.0.0.1:9/v1"}))

    async def give_back(self, session: Session) -> Rental:
        assert session.run.rental is not None
        return self.keep(self.proven(session.run.rental))

    async def left_running(self, deps: object) -> tuple[Rental, ...]:
        return self.left

    async def stop_left(self, deps: object, rental: Rental) -> Rental:
        return self.proven(rental)

    def proven(self, rental: Rental) -> Rental:
        self.stopped.append(rental.job_id)
        stop = StopProof(at=AT, asked=True, stage="CANCELED", endpoint_refuses=self.refuses)
        cost = cost_of(rental.order, 90.0, "the provider's own count")
        return rental.model_copy(update={"stop": stop, "cost": cost})

    def keep(self, rental: Rental) -> Rental:
        self.session.keep(self.session.run.model_copy(update={"rentals": (rental,)}))
        return rental

    def put_in(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("hardware", "order_of", "rent", "give_back", "left_running", "stop_left"):
            monkeypatch.setattr(renting, name, getattr(self, name))
        monkeypatch.setattr(renting, "take_up", lambda session: None)
