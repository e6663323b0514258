"""What could go on to cost money without a word: a provider that half answers, another Hub, a disk, a clock."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from fakejobs.fake_jobs import FakeJobs
from filelock import FileLock
from rental_steps import GIVES_UP, REPO, rented

from weighbridge.domain import intents as want
from weighbridge.domain.problems import OutsideFailed, Refused
from weighbridge.domain.serving.rental import Rental
from weighbridge.services import rentals as ledger_module
from weighbridge.services.hub import jobs as hub_jobs
from weighbridge.services.rentals import Ledger
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Session
from weighbridge.session.rental import renting

ONE_JOB = r"GET /api/jobs/tester/\w+$"
impatient = pytest.mark.parametrize("waits", [GIVES_UP])


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on nothing can be written to the ledger, locks included."""

    def fails(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    def full(*_: Any) -> None:
        raise OutsideFailed("The ledger cannot be written: the disk is full.", "Free some space.")

    monkeypatch.setattr(FileLock, "acquire", fails)
    monkeypatch.setattr(ledger_module, "write_atomic", full)


@pytest.fixture
def other_hub(service: FakeJobs, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeJobs]:
    """A mirror that knows the account, and none of its jobs; it is asked once `HF_ENDPOINT` names it."""
    with FakeJobs() as other:
        yield other


@impatient
async def test_a_job_that_cannot_be_looked_at_is_stopped_all_the_same(renter: Session, service: FakeJobs) -> None:
    await rented(renter)
    service.fault(ONE_JOB, status=500)
    rental = await renting.give_back(renter)
    assert not service.living() and service.calls(r"POST .*/cancel")
    assert not rental.over and "NOT PROVEN" in rental.message, "that it ended could not be seen"


async def test_a_job_that_is_not_found_for_a_moment_is_not_taken_for_gone(renter: Session, service: FakeJobs) -> None:
    await rented(renter)
    service.fault(ONE_JOB, status=404, times=1)
    rental = await renting.give_back(renter)
    assert not service.living() and rental.stop is not None and rental.stop.stage == "CANCELED"
    assert rental.cost is not None and rental.cost.amount_usd is not None


async def test_a_job_that_vanished_is_said_to_be_gone_and_costs_what_is_not_known(
    renter: Session, service: FakeJobs
) -> None:
    rental = await rented(renter)
    service.end(service.jobs[rental.job_id], "CANCELED")
    del service.jobs[rental.job_id]
    gone = await renting.give_back(renter)
    assert gone.over and gone.stop is not None and gone.stop.stage == "DELETED"
    assert gone.cost is not None and gone.cost.amount_usd is None


@impatient
async def test_another_hub_does_not_make_a_job_gone(
    renter: Session, service: FakeJobs, other_hub: FakeJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    rental = await rented(renter)
    monkeypatch.setenv("HF_ENDPOINT", other_hub.endpoint)
    back = await renting.give_back(renter)
    assert not back.over and f"It was rented at {service.endpoint}" in back.message
    assert [left.job_id for left in await renting.left_running(renter.deps)] == [rental.job_id]
    monkeypatch.setenv("HF_ENDPOINT", service.endpoint)
    assert (await renting.stop_left(renter.deps, back)).over and not service.living()


async def test_a_job_that_the_ledger_holds_for_ended_is_found_where_it_runs(renter: Session, service: FakeJobs) -> None:
    rental = await rented(renter)
    Ledger(renter.deps.home).save(rental.model_copy(update={"job_id": "", "never": True}))
    renting._release(renter)
    (left,) = await renting.left_running(renter.deps, everywhere=True)
    assert left.job_id == rental.job_id and left.order.hardware.price is not None
    stopped = await renting.stop_left(renter.deps, left)
    assert stopped.over and not stopped.never and not service.living()
    assert await renting.stop_left(renter.deps, left) == stopped, "its proof stays what it was"


async def test_a_start_whose_answer_cannot_be_read_is_looked_for(
    renter: Session, service: FakeJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, seen = hub_jobs._view, []

    def once_bad(info: Any) -> hub_jobs.JobView:
        seen.append(info)
        if len(seen) == 1:
            raise TypeError("an id that is no text")
        return good(info)

    monkeypatch.setattr(hub_jobs, "_view", once_bad)
    rental = await rented(renter)
    assert rental.endpoint and [job.id for job in service.living()] == [rental.job_id]


async def test_a_disk_that_fails_as_the_server_answers_gives_the_machine_back(
    renter: Session, service: FakeJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = Ledger.save

    def full(ledger: Ledger, rental: Rental) -> None:
        if rental.endpoint and not rental.over:
            raise OutsideFailed("The ledger cannot be written: the disk is full.")
        save(ledger, rental)

    monkeypatch.setattr(Ledger, "save", full)
    with pytest.raises(OutsideFailed, match="disk is full"):
        await rented(renter)
    assert service.jobs and not service.living() and renter.lease is None


async def test_a_full_disk_keeps_nobody_from_stopping_a_machine(
    renter: Session, service: FakeJobs, request: pytest.FixtureRequest
) -> None:
    rental = await rented(renter)
    renting._release(renter)
    request.getfixturevalue("full_disk")
    (left,) = await renting.left_running(renter.deps)
    with pytest.raises(OutsideFailed, match=rf"Proof of stop: job {rental.job_id} .* But the ledger cannot be written"):
        await renting.stop_left(renter.deps, left)
    assert not service.living()


async def test_a_clock_that_was_set_back_does_not_hide_the_machine_that_runs(
    renter: Session, service: FakeJobs, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rented(renter)
    await renting.give_back(renter)
    now = (datetime.fromisoformat(renter.deps.now()) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    renter.deps = replace(renter.deps, now=lambda: now)
    second = await rented(renter)
    assert second.endpoint and second.order.id < renter.run.rentals[0].order.id
    caught_up = renting.caught_up(store.load(renter.run.id), renter.deps.home)
    assert caught_up.rental is not None and caught_up.rental.job_id == second.job_id


@pytest.mark.parametrize("told", ["0.8", -0.8, float("nan"), float("inf"), 0, None])
async def test_a_price_that_is_none_rents_nothing(
    told: object, renter: Session, service: FakeJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpu = {"type": "gpu", "model": "L4", "quantity": "1", "vram": "24 GB", "manufacturer": "Nvidia"}
    one = {"name": "l4x1", "prettyName": "L4", "cpu": "8 vCPU", "ram": "30 GB", "accelerator": gpu}
    answer = {**one, "unitCostMicroUSD": told, "unitCostUSD": told, "unitLabel": "minute"}
    monkeypatch.setattr("fakejobs.fake_handler._hardware", lambda *_: answer)
    with pytest.raises(Refused, match="price of l4x1 is not known"):
        await rented(renter)
    assert not service.jobs


@pytest.mark.parametrize("cap", ["0", "-1", "nan", "inf", "1e9", "one"])
async def test_a_cap_that_is_none_is_refused_where_it_is_typed(cap: str, renter: Session) -> None:
    with pytest.raises(Exception, match=r"cap_usd|US dollars|cap"):
        renter.apply(want.ChangeServe(field="cap_usd", value=cap))
    assert renter.run.serve.cap_usd == 1.0


async def test_a_high_cap_ends_within_a_day_and_a_low_one_buys_nothing(renter: Session, service: FakeJobs) -> None:
    renter.apply(want.ChangeServe(field="cap_usd", value="100000"))
    assert (await renting.order_of(renter)).time_limit_s == 24 * 3600
    renter.apply(want.ChangeServe(field="cap_usd", value="0.001"))
    with pytest.raises(Exception, match=r"0\.001 USD last for 0 minutes"):
        await asyncio.wait_for(rented(renter), 60)
    assert not service.jobs and REPO
