"""What is left of a rental when weighbridge dies at any stage, and what the next start makes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest
from fakejobs.fake_job import FakeJob
from fakejobs.fake_jobs import FakeJobs
from rental_steps import planned, rented

from weighbridge.domain.problems import Refused
from weighbridge.domain.serving.rental import Rental, Waits
from weighbridge.services.rentals import Ledger
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Deps, Session
from weighbridge.session.rental import renting
from weighbridge.session.rental.ordering import jobs_of
from weighbridge.session.rental.rental_list import rental_list

GIVE_BACK = renting._give_back


class Killed(BaseException):
    """The program is gone: nothing of it runs any more."""


async def left_by_a_crash(session: Session, until: Callable[[Rental], bool]) -> Rental:
    """A rental whose program died when `until` held. Its ledger, run and job stay as they were."""
    order = await renting.order_of(session)
    async with aclosing(renting.rent(session, order)) as states:
        async for rental in states:
            if until(rental):
                die(session)
                break
    return rental


def die(session: Session) -> None:
    """As the kernel does it: locks are freed, and nothing is written or asked any more."""
    if session.lease is not None:
        session.lease.release()
        session.lease = None
    session._folder.close()


@pytest.fixture
def dying(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaving a rental does not give it back: the program is dead by then."""

    async def nothing(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(renting, "_give_back", nothing)


async def crashed(session: Session, until: Callable[[Rental], bool]) -> Rental:
    try:
        return await left_by_a_crash(session, until)
    except Killed:
        (page,) = Ledger(session.deps.home).pages()
        assert page.rental is not None
        return page.rental


@pytest.mark.usefixtures("dying")
@pytest.mark.parametrize("stage", ["SCHEDULING", "RUNNING", "answers"])
async def test_the_next_start_finds_a_job_of_any_stage_and_stops_it(
    store: RunStore, rented_deps: Deps, service: FakeJobs, stage: str
) -> None:
    session = Session.create(store, rented_deps)
    await planned(session)
    service.ready = stage == "answers"
    service.starts_after_s = None if stage == "SCHEDULING" else 0.0
    await crashed(session, lambda rental: bool(rental.endpoint) if stage == "answers" else rental.stage == stage)
    assert len(service.living()) == 1
    (left,) = await renting.left_running(rented_deps)
    assert left.job_id == service.living()[0].id
    stopped = await renting.stop_left(rented_deps, left)
    assert stopped.over and stopped.cost is not None and not service.living()
    again = Session.resume(store, rented_deps, session.run.id)
    assert again.run.rental == stopped
    await again.close()


async def planned_order(session: Session) -> Rental:
    """What is on the disk before the Hub is asked."""
    order = await renting.order_of(session)
    return Rental(order=order, namespace="tester")


async def test_a_job_whose_id_never_reached_the_disk_is_found_by_its_label(renter: Session, service: FakeJobs) -> None:
    rental = await planned_order(renter)
    Ledger(renter.deps.home).save(rental)
    await asyncio.to_thread(jobs_of(renter.deps).start, rental.order, "tester", {})
    (left,) = await renting.left_running(renter.deps)
    assert left.job_id == service.living()[0].id
    assert (await renting.stop_left(renter.deps, left)).over and not service.living()


async def test_an_order_that_never_became_a_job_stays_open_until_the_hub_had_time_to_list_it(
    renter: Session, service: FakeJobs
) -> None:
    Ledger(renter.deps.home).save(await planned_order(renter))
    (left,) = await renting.left_running(renter.deps)
    assert not left.job_id
    assert not (await renting.stop_left(renter.deps, left)).over
    later = replace(renter.deps, waits=Waits(found=0.0))
    assert not await renting.left_running(later)
    (page,) = Ledger(renter.deps.home).pages()
    assert page.rental is not None and page.rental.never


async def test_a_job_that_the_ledger_lost_is_found_by_the_label_that_all_bear(
    renter: Session, service: FakeJobs
) -> None:
    rental = await planned_order(renter)
    labels = {"weighbridge-run": rental.order.run_id, "weighbridge-cap-cents": "100", "weighbridge-limit-s": "4440"}
    await asyncio.to_thread(jobs_of(renter.deps).start, rental.order, "tester", labels)
    assert not await renting.left_running(renter.deps), "without an open page the Hub is not asked at a start"
    (found,) = await renting.left_running(renter.deps, everywhere=True)
    assert (found.order.repo, found.order.revision) == (rental.order.repo, rental.order.revision)
    assert (found.order.id, found.order.cap_usd, found.order.hardware.price) == (rental.order.id, 1.0, None)
    stopped = await renting.stop_left(renter.deps, found)
    assert stopped.over and stopped.cost is not None and stopped.cost.amount_usd is None


async def test_a_job_that_ended_while_nobody_looked_gets_its_cost(renter: Session, service: FakeJobs) -> None:
    rental = await planned_order(renter)
    Ledger(renter.deps.home).save(rental)
    await asyncio.to_thread(jobs_of(renter.deps).start, rental.order, "tester", {})
    job = service.living()[0]
    async with asyncio.timeout(60):
        while job.running_s is None:
            await asyncio.sleep(0.01)
    service.end(job, "ERROR", "Job timeout")
    assert not await renting.left_running(renter.deps)
    (page,) = Ledger(renter.deps.home).pages()
    assert page.rental is not None and page.rental.over and page.rental.cost is not None
    assert page.rental.stop is not None and not page.rental.stop.asked


async def test_a_rental_in_use_is_left_alone_by_other_programs(renter: Session, service: FakeJobs) -> None:
    rental = await rented(renter)
    assert not await renting.left_running(renter.deps, everywhere=True)
    assert [row.state for row in (await rental_list(renter.deps)).rows] == ["in_use"]
    with pytest.raises(Refused, match="in use"):
        await renting.stop_left(renter.deps, rental)
    assert service.living()


@pytest.mark.usefixtures("dying")
async def test_a_resumed_run_goes_on_with_its_machine_and_gives_it_back_in_the_end(
    store: RunStore, rented_deps: Deps, service: FakeJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session.create(store, rented_deps)
    await planned(session)
    await crashed(session, lambda rental: bool(rental.endpoint))
    monkeypatch.setattr(renting, "_give_back", GIVE_BACK)
    again = Session.resume(store, rented_deps, session.run.id)
    async for _ in again.prove():
        pass
    assert again.run.proof is not None and again.run.proof.outcome == "completed"
    await again.close()
    assert not service.living()


async def test_the_ledger_has_the_order_before_the_hub_is_asked(
    renter: Session, service: FakeJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, add_job = Ledger(renter.deps.home), service.add_job
    seen: list[Rental | None] = []

    def asked(spec: dict[str, Any], owner: str) -> FakeJob:
        seen.extend(page.rental for page in ledger.pages())
        return add_job(spec, owner)

    monkeypatch.setattr(service, "add_job", asked)
    rental = await rented(renter)
    assert [page.order for page in seen if page] == [rental.order]
