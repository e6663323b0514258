"""Runs that something else than a child on this machine answered: a server, a rented GPU, a notebook. No server is
needed: the events are those that a runtime of servers emits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

from fakes import MIB, Script, quiet

from weighbridge.domain import intents as want
from weighbridge.domain.facts import missing
from weighbridge.domain.load.records import LoadRecord, LoadRequest
from weighbridge.domain.load.step import step_of
from weighbridge.domain.model.card import FIELDS, CardFacts
from weighbridge.domain.model.choice import ModelChoice
from weighbridge.domain.proof.events import (
    Completed,
    Connected,
    Event,
    RequestStarted,
    ServerSample,
    Stopped,
    Token,
)
from weighbridge.domain.proof.remote import KeyUse
from weighbridge.domain.proof.runtime import Clock, Launch, RuntimeFacts
from weighbridge.domain.proof.settings import Request
from weighbridge.domain.run import Run
from weighbridge.domain.serving.billing import cost_of
from weighbridge.domain.serving.notebook import NotebookRuntime
from weighbridge.domain.serving.rental import Hardware, Order, Price, Rental, Stage, StopProof
from weighbridge.domain.steps import ORDER
from weighbridge.services.packet_io.evidence import PacketSource
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Session, real_deps

TICK = 0.25
"""Seconds between two looks at the clock: rates can be foretold."""
AT = "2026-01-02T03:04:05Z"
ID = "22222222-2222-4333-8444-555555555555"
ADDRESS, NAME = "https://models.example.org/v1", "acme/Small-7B"
REVISION = "a" * 40
ACCOUNT = "annasmith"
FACTS = {"root": "/srv/secret-place/small"}
"""What the server tells of its model."""
BOOT = "1f0c9f6e-0000-4000-8000-000000000001"
JOB = "6123456789abcdef01234567"


@dataclass
class Server:
    """A server by its events. `counts`: whether it tells tokens; `memory`: whether it tells its memory."""

    answer: Callable[[Request], str] = lambda request: f"An answer to {request.id}."
    counts: bool = True
    memory: bool = True
    doubt: str = ""
    reused: int = 0
    name: str = NAME
    address: str = ADDRESS
    key: KeyUse = "not recorded"
    facts: dict[str, str] = field(default_factory=lambda: FACTS)
    launches: list[Launch] = field(default_factory=list)

    def factory(self, launch: Launch, clock: Clock) -> ServedRun:
        self.launches.append(launch)
        return ServedRun(self, launch, clock)


class ServedRun:
    """One connection."""

    def __init__(self, server: Server, launch: Launch, clock: Clock) -> None:
        self._server, self._launch, self._t = server, launch, clock

    @property
    def facts(self) -> RuntimeFacts:
        return RuntimeFacts(name="OpenAI-compatible API", version="", where=self._server.address)

    async def start(self) -> AsyncIterator[Event]:
        target = self._launch.target
        assert target is not None
        yield Connected(
            t=self._t(), engine="vllm", version="0.32.0", model=target.model, models=(target.model,),
            max_model_len=4096, waited_s=0.5, key=self._server.key, facts=self._server.facts,
            missing={"chat template": "it does not tell it"},
        )  # fmt: skip
        yield self._sample(3000 * MIB)

    def _sample(self, size: int) -> ServerSample:
        told = {"gpu_memory_bytes": size, "gpu_memory_total_bytes": 24_000 * MIB} if self._server.memory else {}
        return ServerSample(t=self._t(), source="/metrics of the server", running=1, kv_cache_percent=12.5, **told)

    async def generate(self, request: Request) -> AsyncIterator[Event]:
        yield RequestStarted(
            t=self._t(), request=request.id, case=request.case, warmup=request.warmup, prompt=request.prompt,
            repeat=request.repeat, prompt_tokens=None, time_limit_s=request.time_limit_s,
        )  # fmt: skip
        pieces = self._server.answer(request).split(" ")
        for index, word in enumerate(pieces):
            yield Token(t=self._t(), request=request.id, index=index, text=word if index == 0 else f" {word}")
        yield self._sample(5000 * MIB)
        tokens = 2 * len(pieces) if self._server.counts else None
        yield Completed(
            t=self._t(), request=request.id, case=request.case, warmup=request.warmup, repeat=request.repeat,
            output=" ".join(pieces), stop_reason="eos", prompt_tokens=20 if self._server.counts else None,
            output_tokens=tokens, prefill_s=None, engine_prompt_ms=None, engine_prompt_tokens=None,
            engine_decode_ms=500.0 if tokens else None, engine_decode_tokens=tokens, pieces=len(pieces),
            reused_tokens=self._server.reused, doubts=(self._server.doubt,) if self._server.doubt else (),
        )  # fmt: skip

    async def stop(self) -> Stopped | None:
        said = ("weighbridge did not start this server.", "Asked once more: it still answers.")
        return Stopped(t=self._t(), pid=None, how="left_running", seconds=0.01, gone=False, evidence=said)


def given(name: str = NAME, address: str = ADDRESS) -> ModelChoice:
    """A model behind an address."""
    source = f"vllm at {address}, asked {AT}"
    return ModelChoice(kind="endpoint", name=name, address=address, served_name=name, source=source)


def facts() -> CardFacts:
    return CardFacts.model_validate({one.name: missing("the server does not tell it") for one in FIELDS})


async def served_source(home: Path, server: Server, route: str = "local_cpu", rented: bool = False) -> PacketSource:
    """Proof, eval and decision against a server that is given, or against one that was rented."""
    ticks = count(1)
    deps = replace(
        real_deps(home), runtime=server.factory, conditions=quiet, dry_load=None, monotonic=lambda: TICK * next(ticks)
    )
    session = Session.create(RunStore(home), deps)
    for name, value in {"available_route": route, "budget_level": "small"}.items():
        session.apply(want.Answer(field=name, value=value))
    model = given(server.name, server.address)
    if rented:
        model = ModelChoice(kind="hub", name=NAME, repo=NAME, revision=REVISION, source="the Hub")
    run = session.run.model_copy(update={"model": model, "declared": facts()})
    if rented:
        run = run.model_copy(update={"rentals": (rental(run.id),)})
    session.keep(run)
    _ = [event async for event in session.prove()]
    _ = [event async for event in session.evaluate()]
    if rented:
        session.keep(session.run.model_copy(update={"rentals": (returned(session.run.rentals[0]),)}))
    for step in ORDER[:-1]:
        session.apply(want.Confirm(step=step))
    source = PacketSource(session.run, session.events(), {}, AT, ID)
    await session.close()
    return source


def rental(run_id: str) -> Rental:
    """A job that runs: its account has a name, which is a person's."""
    price = Price(amount=0.8, unit="hour", source="hf_jobs_api", sku="l4x1", retrieved_at=AT)
    mine = Price(amount=1.0, unit="hour", source="user_typed", retrieved_at=AT)
    order = Order(
        id="order-1", run_id=run_id, hardware=Hardware(name="l4x1", gpu="L4", gpus=1, price=price), engine="vllm",
        image="vllm/vllm-openai:v0.32.0", repo=NAME, revision=REVISION, command=("vllm", "serve", NAME),
        max_model_len=4096, cap_usd=1.0, time_limit_s=3600, typed_price=mine, agreed_at=AT,
    )  # fmt: skip
    stages = (Stage(at=AT, stage="SCHEDULING"), Stage(at=AT, stage="RUNNING", message=f"started for {ACCOUNT}"))
    return Rental(
        order=order, job_id=JOB, url=f"https://huggingface.co/jobs/{ACCOUNT}/{JOB}", namespace=ACCOUNT,
        endpoint=f"https://{JOB}--8000.example.org/v1", exposed=f"https://{JOB}--8000.example.org", stages=stages,
    )  # fmt: skip


def returned(one: Rental) -> Rental:
    """The same, stopped, refused and paid."""
    later = "2026-01-02T03:34:05Z"
    stop = StopProof(
        at=later,
        asked=True,
        stage="CANCELED",
        endpoint_refuses=True,
        endpoint_said="404",
        said="Stopped by its owner",
        ended_at="2026-01-02T03:34:00Z",
    )
    stages = (*one.stages, Stage(at=later, stage="CANCELED"))
    cost = cost_of(one.order, 1800.0, "the provider's own count")
    return one.model_copy(update={"stop": stop, "cost": cost, "stages": stages})


async def notebook_source(home: Path, runtime: NotebookRuntime) -> PacketSource:
    """Proof and eval by a child in a notebook, whose evidence came back."""
    deps = replace(real_deps(home), runtime=Script().factory, conditions=quiet, dry_load=None)
    session = Session.create(RunStore(home), deps)
    session.apply(want.Answer(field="available_route", value="free_colab"))
    inside = runtime.model_copy(update={"inside": True})
    session.keep(session.run.model_copy(update={"notebook": inside}))
    await session.choose_model("bundled")
    _ = [event async for event in session.prove()]
    _ = [event async for event in session.evaluate()]
    for step in ORDER[:-1]:
        session.apply(want.Confirm(step=step))
    session.keep(session.run.model_copy(update={"notebook": runtime}))
    source = PacketSource(session.run, session.events(), {}, AT, ID)
    await session.close()
    return source


def loaded(source: PacketSource) -> PacketSource:
    """The same with a load test of two steps, the second with an error."""
    run: Run = source.run
    assert run.target is not None and run.pack is not None
    case = run.pack.active[0].id
    lines = [
        LoadRequest(
            load="load-1", concurrency=concurrency, number=number, case=case, t_start=0.5 * number,
            t_pieces=(0.5 * number + 0.1, 0.5 * number + 0.2), t_end=0.5 * number + 0.3, output_tokens=4,
            stop_reason="eos",
        )
        for concurrency in (1, 2)
        for number in (1, 2, 3)
    ]  # fmt: skip
    failed = {"load": "load-1", "concurrency": 2, "number": 4, "case": case, "t_start": 2.0, "t_end": 2.1}
    lines.append(LoadRequest.model_validate(failed | {"error": "It said 503."}))
    of = {n: [one for one in lines if one.concurrency == n] for n in (1, 2)}
    steps = tuple(step_of(n, len(own), own) for n, own in of.items())
    load = LoadRecord(
        id="load-1", at=AT, inputs="f" * 64, target=run.target, cases_digest=run.pack.digest, ladder=(1, 2),
        max_tokens=64, steps=steps, ended="errors",
    )  # fmt: skip
    return replace(source, run=run.model_copy(update={"load": load}), load=tuple(lines))


def typed(source: PacketSource, **plan: str) -> PacketSource:
    """The same with lines of the plan as a person types them."""
    changed = source.run.plan.model_copy(update=plan)
    return replace(source, run=source.run.model_copy(update={"plan": changed}))
