"""The recorded answer as a server would have given it, and what stands around it: waits, memory, a rental, a load test.

Every event is made here from the recording: nothing is asked of anybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from load.rig import line

from weighbridge.domain.load.records import LoadRecord
from weighbridge.domain.load.step import step_of
from weighbridge.domain.model.choice import ModelChoice
from weighbridge.domain.proof.events import Attempt, Completed, Connected, Event, Loaded, RequestStarted, Stopped, Token
from weighbridge.domain.proof.remote import UNTOLD, ServerSample
from weighbridge.domain.proof.summary import last_attempt
from weighbridge.domain.route.decide import decide
from weighbridge.domain.run import Run
from weighbridge.domain.serving.plan import ServePlan
from weighbridge.domain.serving.rental import Hardware, Order, Price, Rental, Stage
from weighbridge.domain.serving.target import Target
from weighbridge.services.tables import load_tables
from weighbridge.session import Session
from weighbridge.session.rental import renting, watching

NAME = "HuggingFaceTB/SmolLM2-135M-Instruct"
REVISION = "12fd25f77366fa6b3b4b768ec3050bf629380bac"
SERVED = ModelChoice(
    kind="endpoint", name=NAME, address="https://models.example.org/v1", served_name=NAME, source="typed by you"
)
FULL = "models.example.org takes no more requests at present (429): all slots are in use."
NO_METRICS = "/metrics does not answer (models.example.org says 404); it is started with --metrics for that"
JOBS = "Hugging Face Jobs"
GIB = 2**30
RENTED_AT, RUNS_AT = "2026-11-22T09:06:00Z", "2026-11-22T09:08:00Z"


def served(run: Run) -> Run:
    """The run with a model that somebody else serves, and no evidence yet."""
    return run.model_copy(update={"model": SERVED, "forecast": None, "proof": None, "evaluation": None})


def of_server(events: Sequence[Event], target: Target, *, sent_away: bool = False) -> list[Event]:
    """A recorded job as this server's. `sent_away`: it takes the prompt of the proof only after a while."""
    made: list[Event] = []
    for event in last_attempt(events):
        if isinstance(event, Attempt):
            own = {"target": target, "runtime": "OpenAI-compatible API", "version": "", "available_bytes": None}
            made.append(event.model_copy(update=own))
        elif isinstance(event, Loaded):
            made += _connected(event.t, target)
        elif isinstance(event, RequestStarted):
            made.append(event.model_copy(update={"prompt_tokens": None}))
            if sent_away and not event.warmup:
                for s in (0, 4):
                    told = f"waiting {s} of at most 30 s: {FULL} Asked again in {12 - s} s."
                    made.append(ServerSample(t=event.t + 0.1 + s, source=told))
        elif isinstance(event, Completed):
            own = {name: None for name in Completed.model_fields if name.startswith(("engine_", "prefill_"))}
            made.append(event.model_copy(update={**own, "pieces": event.output_tokens}))
        elif isinstance(event, Token):
            made.append(event)
            if target.origin == "rented" and event.index % 12 == 0:
                made.append(_sample(event))
        elif isinstance(event, Stopped):
            made.append(event.model_copy(update={"pid": None, "how": "left_running", "gone": False}))
    return made


def _connected(t: float, target: Target) -> Iterator[Event]:
    engine = {"engine": "vllm", "version": "0.11.0"} if target.origin == "rented" else {"engine": "llama.cpp"}
    yield Connected(t=t, **engine, model=target.model, models=(target.model,), max_model_len=4096, waited_s=0.4)
    if target.origin == "given":
        yield ServerSample(t=t, source=f"{UNTOLD}{NO_METRICS}")


def _sample(beside: Token) -> ServerSample:
    """What the provider tells of the machine; its memory is there from the start, as vLLM takes it."""
    return ServerSample(
        t=beside.t, source=JOBS, memory_bytes=int(5.2 * GIB), gpu_memory_bytes=int(20.1 * GIB),
        gpu_memory_total_bytes=int(22.5 * GIB), gpu_percent=61.0, cpu_percent=104.0,
    )  # fmt: skip


def rental_of(run: Run, *, answers: bool) -> Rental:
    """An L4 for an hour of a dollar's cap, which has run for 22 minutes, or waits for its server."""
    price = Price(amount=0.80, unit="hour", source="hf_jobs_api", retrieved_at=RENTED_AT)
    hardware = Hardware(name="l4x1", gpu="L4", gpus=1, gpu_memory_bytes=24 * 10**9, price=price)
    order = Order(
        id="20261122090600-1f0c2a", run_id=run.id, hardware=hardware, engine="vllm",
        image="vllm/vllm-openai:v0.11.0", repo=NAME, revision=REVISION, command=("vllm", "serve", NAME),
        max_model_len=4096, cap_usd=1.0, time_limit_s=4440, agreed_at=RENTED_AT,
    )  # fmt: skip
    log = ("Loading weights took 1.42 seconds", "Capturing CUDA graphs: 63 of 67")
    return Rental(
        order=order, job_id="6921a7c2e4b0", url="https://huggingface.co/jobs/you/6921a7c2e4b0", namespace="you",
        endpoint="https://6921a7c2e4b0--8000.hf.jobs/v1" if answers else "", log_tail=() if answers else log,
        stages=(Stage(at=RENTED_AT, stage="SCHEDULING"), Stage(at=RUNS_AT, stage="RUNNING")),
    )  # fmt: skip


def on_route(run: Run, **answers: str) -> Run:
    """The run with other answers in step 1, and the decision that follows from them."""
    card = run.constraints.model_copy(update=answers)
    return run.model_copy(
        update={"constraints": card, "decision": decide(card, load_tables(), run.machine.available_bytes)}
    )


def rented(run: Run, *, answers: bool) -> Run:
    """The run on the rented GPU, with the plan that it was ordered by."""
    model = ModelChoice(kind="hub", name=NAME, repo=NAME, revision=REVISION, source="pinned to its commit")
    return on_route(run, available_route="rented_gpu", budget_level="small").model_copy(
        update={
            "model": model,
            "forecast": None,
            "serve": ServePlan(hardware="l4x1", cap_usd=1.0),
            "rentals": (rental_of(run, answers=answers),),
        }
    )


@contextmanager
def nobody_asked() -> Iterator[None]:
    """The provider of the rental is not there: what is on record stands."""

    async def nothing(_session: Session) -> None:
        return None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(renting, "take_up", lambda session: None)
        patch.setattr(renting, "require_server", nothing)
        patch.setattr(watching, "look", nothing)
        yield


def loaded(run: Run) -> Run:
    """The run with a load test: the more requests at once, the later each answer, and the fewer are gained."""
    target = run.target
    assert target is not None and run.pack is not None
    steps = []
    for rung, slower in ((1, 1.0), (2, 1.25), (4, 1.9), (8, 3.4)):
        lines = []
        for at in range(24):
            begin, uneven = (at // rung) * 2.1 * slower, 1 + (at * 7 % 5) / 50
            told = {"load": "load-1", "concurrency": rung, "number": at + 1, "prompt_tokens": 58}
            lines.append(line(begin, 0.31 * slower * uneven, 31, 0.055 * slower * uneven, **told))
        steps.append(step_of(rung, 24, lines))
    record = LoadRecord(
        id="load-1", at="2026-11-22T09:20:00Z", target=target, cases_digest=run.pack.digest, ladder=(1, 2, 4, 8),
        max_tokens=128, steps=tuple(steps), ended="through", shutdown="left running: it is not ours",
    )  # fmt: skip
    return run.model_copy(update={"load": record})
