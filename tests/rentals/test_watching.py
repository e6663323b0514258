"""A rented machine that ends by itself while it is held: seen, told, closed with its proof, and asked nothing more."""

from __future__ import annotations

import pytest
from fakejobs.fake_jobs import FakeJobs
from rental_steps import rented

from weighbridge.domain.problems import OutsideFailed, Refused
from weighbridge.domain.serving.rental_words import stop_words
from weighbridge.session import Session
from weighbridge.session.rental.watching import look


async def test_a_job_that_ended_by_itself_is_closed_with_proof_and_cost(renter: Session, service: FakeJobs) -> None:
    await rented(renter)
    assert await look(renter) is None, "it runs"
    (job,) = service.living()
    service.end(job, "ERROR", "Node of tester was preempted")
    ended = await look(renter)
    assert ended is not None and ended == renter.run.rental and ended.over and ended.cost is not None
    assert ended.stop is not None and not ended.stop.asked
    words = stop_words(ended)
    assert (
        "is ERROR (Node of [account] was preempted), ended at 20" in words
        and "by the provider's clock, seen at 20" in words
    )
    assert "The job failed. It said: Node of tester was preempted." in ended.message
    assert renter.lease is None and await look(renter) is None


async def test_the_proof_looks_first_and_says_what_became_of_the_machine(renter: Session, service: FakeJobs) -> None:
    await rented(renter)
    (job,) = service.living()
    service.end(job, "ERROR", "Job timeout")
    with pytest.raises(OutsideFailed, match=r"The rented GPU is gone.*Job timeout") as said:
        _ = [event async for event in renter.prove()]
    assert said.value.hint == "Rent again in the step Runtime." and renter.run.rental and renter.run.rental.over
    with pytest.raises(Refused, match="nothing answers there any more"):
        _ = [event async for event in renter.prove()]


async def test_a_hub_that_cannot_be_asked_ends_nothing(renter: Session, service: FakeJobs) -> None:
    await rented(renter)
    service.tokens.clear()
    token, service.token = service.token, "hf_" + "b" * 34
    assert await look(renter) is None and renter.run.rental is not None and not renter.run.rental.over
    service.token = token
    service.tokens[token] = set()


async def test_a_job_that_is_not_found_for_a_moment_runs_on(renter: Session, service: FakeJobs) -> None:
    await rented(renter)
    service.fault(r"GET /api/jobs/tester/\w+$", status=404)
    assert await look(renter) is None and renter.lease is not None
    assert service.living() and not service.calls(r"POST .*/cancel")
