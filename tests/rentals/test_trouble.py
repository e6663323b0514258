"""What can go wrong with a rental: one clear sentence each, and money never lost in silence."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Callable
from contextlib import aclosing

import pytest
from fakejobs.fake_handler import LOST
from fakejobs.fake_jobs import FakeJobs
from rental_steps import FAST, GIVES_UP, REPO, rented

from weighbridge.domain import intents as want
from weighbridge.domain.problems import BadInput, HubProblem, OutsideFailed, Problem, Refused
from weighbridge.domain.proof.events import Connected
from weighbridge.domain.serving.rental import Rental, Waits
from weighbridge.domain.serving.rental_words import stop_words
from weighbridge.plain.texts.rental import end_line
from weighbridge.services.rentals import Ledger
from weighbridge.session import Session
from weighbridge.session.rental import renting, returning
from weighbridge.session.rental.returning import LOG_LINES

START = r"POST /api/jobs/tester$"


def pages(session: Session) -> list[Rental]:
    return [page.rental for page in Ledger(session.deps.home).pages() if page.rental]


unstoppable = pytest.mark.parametrize("waits", [GIVES_UP], ids=[""])


def never_starts(service: FakeJobs) -> None:
    service.starts_after_s = None


def fails(service: FakeJobs) -> None:
    service.fails = "CUDA out of memory"


def never_ready(service: FakeJobs) -> None:
    service.ready = False


@pytest.mark.parametrize(
    ("prepare", "waits", "sentence"),
    [
        (never_starts, FAST.model_copy(update={"scheduling": 0.6}), "did not start within"),
        (fails, FAST, "CUDA out of memory"),
        (never_ready, FAST.model_copy(update={"ready": 0.6}), "its server did not answer within"),
    ],
    ids=["never starts", "fails", "never ready"],
)
async def test_a_job_that_gets_nowhere_is_given_back_and_says_why(
    renter: Session, service: FakeJobs, prepare: Callable[[FakeJobs], None], waits: Waits, sentence: str
) -> None:
    prepare(service)
    service.speed = 1
    rental = await rented(renter)
    assert sentence in rental.message and not rental.endpoint
    assert rental.over and rental.cost is not None and not service.living()
    assert renter.run.rental == rental and renter.run.target is None


async def test_a_preempted_job_is_said_to_have_ended_by_itself_with_its_cost(
    renter: Session, service: FakeJobs
) -> None:
    await rented(renter)
    service.end(service.living()[0], "CANCELED")
    rental = await renting.give_back(renter)
    assert rental.over and rental.stop is not None and not rental.stop.asked
    assert "preempted" in rental.message and rental.cost is not None and rental.cost.amount_usd is not None


async def test_a_job_that_reaches_its_cap_is_ended_by_the_provider_and_said_so(
    renter: Session, service: FakeJobs
) -> None:
    renter.apply(want.ChangeServe(field="cap_usd", value="0.10"))
    service.speed = 1
    rental = await rented(renter)
    job = service.living()[0]
    job.speed = 1e6
    await until(lambda: job.over)
    with pytest.raises(Problem, match=r"The rented GPU is gone\. .* It said: Job timeout"):
        await first_failure(renter)
    back = await renting.give_back(renter)
    assert "time limit of 6 minutes" in back.message and back.cost is not None
    assert back.cost.amount_usd is not None and back.cost.amount_usd <= rental.order.cap_usd


async def test_a_job_that_ends_in_the_middle_of_an_answer_is_said_to_be_over(
    renter: Session, service: FakeJobs
) -> None:
    await rented(renter)
    async for event in renter.prove():
        if isinstance(event, Connected):
            service.end(service.living()[0], "ERROR", "Job timeout")
    assert renter.run.proof is not None and "is over: ERROR, Job timeout" in renter.run.proof.message


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.01)


async def first_failure(session: Session) -> None:
    """Raises what a proof fails with."""
    async for _ in session.prove():
        pass
    assert session.run.proof is not None and session.run.proof.outcome == "failed"
    raise OutsideFailed(session.run.proof.message)


async def test_a_price_that_changed_between_agreement_and_start_starts_nothing(
    renter: Session, service: FakeJobs
) -> None:
    order = await renting.order_of(renter)
    service.micro_usd["l4x1"] = 20_000
    with pytest.raises(renting.PriceChanged, match=r"0\.8 USD an hour .* 1\.2 USD an hour"):
        await anext(renting.rent(renter, order))
    assert not service.jobs and not pages(renter)


REFUSALS = {402: (Refused, "credit"), 401: (Refused, "token"), 403: (Refused, "token"), 429: (HubProblem, "no more")}


async def test_a_refused_start_is_one_sentence_and_no_rental(renter: Session, service: FakeJobs) -> None:
    for status, (kind, word) in REFUSALS.items():
        service.fault(START, status=status, times=1)
        with pytest.raises(kind, match=word):
            await rented(renter)
    assert len(pages(renter)) == len(REFUSALS) and all(page.never and page.over for page in pages(renter))
    assert not service.jobs and not await renting.left_running(renter.deps, everywhere=True)


@pytest.mark.parametrize(("status", "waits"), [(LOST, FAST), (500, GIVES_UP)], ids=["lost", "500"])
async def test_a_start_without_an_answer_is_looked_for_by_its_label(
    renter: Session, service: FakeJobs, status: int, waits: Waits
) -> None:
    service.fault(START, status=status, times=1)
    if status == LOST:
        rental = await rented(renter)
        assert rental.endpoint and rental.job_id == service.living()[0].id
        return
    with pytest.raises(OutsideFailed, match="not known whether"):
        await rented(renter)
    (left,) = await renting.left_running(renter.deps)
    assert not left.job_id and not left.never, "it stays open until the Hub had time to list it"


@unstoppable
async def test_a_cancel_without_effect_is_loud_and_stays_in_the_ledger(
    renter: Session, service: FakeJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(returning, "AGAIN_EVERY", 2)
    await rented(renter)
    service.cancel_works = service.cap_kept = False
    rental = await renting.give_back(renter)
    assert not rental.over and rental.message.startswith("NOT PROVEN TO HAVE STOPPED")
    assert rental.url in rental.message and service.living()[0].cancels > 1
    assert "last seen RUNNING at" in stop_words(rental) and "the endpoint was not asked" in stop_words(rental)
    assert "never had an endpoint" not in end_line(rental) and "So far it cost" in end_line(rental)
    (left,) = await renting.left_running(renter.deps)
    assert left.job_id == rental.job_id
    service.cancel_works = True
    assert (await renting.stop_left(renter.deps, left)).over


async def test_a_cancel_that_only_the_time_limit_ended_is_said_while_it_lasts_and_kept(
    renter: Session, service: FakeJobs, caplog: pytest.LogCaptureFixture
) -> None:
    renter.apply(want.ChangeServe(field="cap_usd", value="0.20"))
    service.cancel_works, service.speed = False, 1
    await rented(renter)
    (job,) = service.living()
    with caplog.at_level(logging.INFO, "weighbridge.hub"):
        giving_back = asyncio.create_task(renting.give_back(renter))
        await until(lambda: "is still RUNNING" in caplog.text)
        job.speed = 1e6
        rental = await giving_back
    assert rental.over and re.search(r"cancel had no effect within \d+ s; the time limit of 14 minutes", rental.message)
    assert rental.message in end_line(rental)


async def test_the_end_of_the_log_of_a_job_that_went_well_is_kept(renter: Session, service: FakeJobs) -> None:
    rental = await rented(renter)
    service.jobs[rental.job_id].log += [f"line {n}" for n in range(40)]
    back = await renting.give_back(renter)
    assert back.log_tail[-1] == "line 39" and len(back.log_tail) == LOG_LINES


@unstoppable
async def test_an_endpoint_that_goes_on_to_answer_is_no_proof_of_stop(renter: Session, service: FakeJobs) -> None:
    await rented(renter)
    service.serves_after_end = True
    rental = await renting.give_back(renter)
    assert rental.stop is not None and rental.stop.stage == "CANCELED" and rental.stop.endpoint_refuses is False
    assert not rental.over and "NOT PROVEN" in rental.message


async def test_a_hub_that_fails_now_and_then_is_asked_again(renter: Session, service: FakeJobs) -> None:
    service.fault(r"GET /api/jobs/tester/", status=502, times=3)
    assert (await rented(renter)).endpoint
    service.fault(r"POST .*/cancel", status=500, times=2)
    assert (await renting.give_back(renter)).over


@unstoppable
async def test_a_hub_that_falls_silent_leaves_the_rental_open_and_loud(renter: Session, service: FakeJobs) -> None:
    await rented(renter)
    service.fault(r"/api/jobs/tester", status=503)
    rental = await renting.give_back(renter)
    assert not rental.over and "503" in rental.message
    assert [left.job_id for left in await renting.left_running(renter.deps)] == [rental.job_id]


async def test_seconds_that_the_hub_does_not_count_are_the_span_of_its_times(
    renter: Session, service: FakeJobs
) -> None:
    service.durations = False
    await rented(renter)
    cost = (await renting.give_back(renter)).cost
    assert cost is not None and cost.seconds and "span" in cost.seconds_source


async def test_leaving_while_it_starts_gives_it_back(renter: Session, service: FakeJobs) -> None:
    service.ready = False
    order = await renting.order_of(renter)
    async with aclosing(renting.rent(renter, order)) as states:
        async for rental in states:
            if rental.stage == "RUNNING":
                break
    assert service.jobs and not service.living()
    assert renter.run.rental is not None and renter.run.rental.over


async def test_a_cancelled_start_still_keeps_the_job_in_the_ledger_and_stops_it(
    renter: Session, service: FakeJobs
) -> None:
    task = asyncio.create_task(rented(renter))
    await until(lambda: service.calls(START))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (page,) = pages(renter)
    assert page.job_id and page.over and not service.living()


UNFIT: dict[str, tuple[str, str, type[Problem], str]] = {
    "no cap": ("cap_usd", "", BadInput, "no cap"),
    "no hardware": ("hardware", "", BadInput, "l4x1, l4x4"),
    "unknown hardware": ("hardware", "tpu", BadInput, "no hardware 'tpu'"),
    "no GPU": ("hardware", "cpu-basic", BadInput, "has no GPU"),
    "unpinned image": ("image", "vllm/vllm-openai", BadInput, "registry/name:tag"),
    "latest": ("image", "vllm/vllm-openai:latest", BadInput, "not pinned"),
}


async def test_what_an_order_lacks_is_said_before_anything_costs(renter: Session, service: FakeJobs) -> None:
    serve = renter.run.serve
    for lack, (field, value, kind, sentence) in UNFIT.items():
        with pytest.raises(kind) as caught:
            renter.apply(want.ChangeServe(field=field, value=value))
            await renting.order_of(renter)
        assert sentence in f"{caught.value} {getattr(caught.value, 'hint', '')}" and not service.jobs, lack
        renter.keep(renter.run.model_copy(update={"serve": serve}))


async def test_private_inputs_never_go_to_a_rented_machine(renter: Session, service: FakeJobs) -> None:
    renter.apply(want.Answer(field="privacy", value="private_docs"))
    renter.apply(want.Answer(field="available_route", value="rented_gpu"))
    with pytest.raises(Refused, match="may not leave"):
        await renting.order_of(renter)


async def test_a_second_rental_waits_for_the_first_one(renter: Session, service: FakeJobs) -> None:
    await rented(renter)
    with pytest.raises(Refused, match="may still run"):
        await rented(renter)
    assert len(service.jobs) == 1


async def test_hardware_that_cannot_hold_the_model_is_not_paid_for(renter: Session, service: FakeJobs) -> None:
    config = {"num_hidden_layers": 1000, "num_attention_heads": 64, "num_key_value_heads": 64, "hidden_size": 8192}
    service.repos[REPO].commit({"config.json": json.dumps(config), "model.safetensors": b"0" * 64})
    await renter.choose_model(REPO)
    with pytest.raises(Refused, match="needs 8 GPUs L4 of 24 GB at 4,096 tokens, and l4x1 has 1"):
        await renting.order_of(renter)
    renter.apply(want.ChangeServe(field="gpu_memory_gb", value="10"))
    assert (await renting.order_of(renter)).hardware.name == "l4x1"
