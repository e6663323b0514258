"""What a run has cost so far: time, tokens, bytes fetched, and money where a price is typed or a GPU was rented."""

from __future__ import annotations

import re
from collections.abc import Iterable

from weighbridge.domain.base import Record
from weighbridge.domain.proof.events import Attempt, Completed, Event, Heartbeat, Prefilled, Token

_NUMBER = re.compile(r"\d+(?:\.\d+)?")


class JobCost(Record):
    """One proof or eval, warm-ups and crashed children included; the trials of threads ask for no answer.

    `wall_s`: seconds from its start to its last event. `tokens_read`: of prompts, without those kept in the KV cache.
    `uncounted`: answers of which a server left tokens uncounted: what they came to is in neither sum.
    """

    wall_s: float = 0.0
    tokens_read: int = 0
    tokens_written: int = 0
    uncounted: int = 0


class JobCostFold:
    """Takes the events of one job; `job_id` is known from the first of them."""

    def __init__(self) -> None:
        self.job_id = ""
        self._wall_s = 0.0
        self._read = self._written = self._uncounted = 0
        self._served = False

    @property
    def cost(self) -> JobCost:
        wall_s, read, written = round(self._wall_s, 3), self._read, self._written
        return JobCost(wall_s=wall_s, tokens_read=read, tokens_written=written, uncounted=self._uncounted)

    def add(self, event: Event) -> None:
        match event:
            case Heartbeat():
                return
            case Attempt():
                self.job_id, self._served = event.job_id, event.target is not None
            case Prefilled():
                self._read += event.prompt_tokens - event.reused_tokens
            case Completed() if self._served:
                self._answer(event)
            case Token() if not self._served:
                self._written += 1
            case _:
                pass
        self._wall_s = max(self._wall_s, event.t)

    def _answer(self, done: Completed) -> None:
        """A server's own counts; a count that it does not give is none."""
        if done.prompt_tokens is None or done.output_tokens is None:
            self._uncounted += 1
        if done.prompt_tokens is not None:
            self._read += max(0, done.prompt_tokens - done.reused_tokens)
        self._written += done.output_tokens or 0


def costs_of(jobs: Iterable[Iterable[Event]]) -> dict[str, JobCost]:
    """The cost of whole jobs, by their ids."""
    costs: dict[str, JobCost] = {}
    for job in jobs:
        fold = JobCostFold()
        for event in job:
            fold.add(event)
        costs[fold.job_id] = fold.cost
    return costs


class Cost(Record):
    """The cost so far. `unknown`: what is not in it, in a few words each.

    `fetched_bytes`: the file of the present model, where it came from the Hub: it may have been here before. null: not
    known. `price`: per hour, as typed. `money`: price times wall time, in the unit of the price; null: not known.
    `rented_usd`: what the rented GPUs have cost, by the provider's prices; null: nothing was rented, or not known.
    """

    jobs: int
    wall_s: float
    tokens_read: int
    tokens_written: int
    fetched_bytes: int | None
    uncounted: int = 0
    price: str = ""
    money: float | None = None
    rentals: int = 0
    rented_usd: float | None = None
    unknown: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """In one line, what is not known last."""
        return "; ".join((*self._parts(), *self.unknown))

    @property
    def brief(self) -> str:
        """Jobs, time and tokens, in a few words."""
        return ", ".join(self._parts()[:2] if self.jobs else self._parts()[:1])

    def _parts(self) -> tuple[str, ...]:
        jobs = f"{self.jobs} job{'' if self.jobs == 1 else 's'} of proof and eval"
        least = "at least " if self.uncounted else ""
        tokens = f"{least}{self.tokens_read:,} tokens read, {self.tokens_written:,} written"
        if self.uncounted and not (self.tokens_read or self.tokens_written):
            tokens = "tokens not counted"
        parts = (f"{jobs}, {_duration(self.wall_s)}", tokens) if self.jobs else ("nothing has run here",)
        if self.fetched_bytes is not None:
            size = f"at most {self.fetched_bytes / 2**20:,.0f} MiB fetched" if self.fetched_bytes else "nothing fetched"
            parts = (*parts, size)
        if self.rented_usd is not None:
            how_many = "1 rented GPU" if self.rentals == 1 else f"{self.rentals} rented GPUs"
            parts = (*parts, f"{self.rented_usd:.4f} USD for {how_many}")
        if self.money is not None:
            parts = (*parts, f"money {self.money:.4f} at {self.price} an hour")
        return parts


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"


def price_of(text: str) -> float | None:
    """The number in a price per hour as typed: `0.50 USD`, `$1.20/h`. None where there is none, or more than one."""
    found = _NUMBER.findall(text)
    return float(found[0]) if len(found) == 1 and "," not in text else None
