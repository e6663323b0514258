"""A rental from the price to the proof of stop, on a service that speaks the real protocol."""

from __future__ import annotations

import json
from contextlib import aclosing

import httpx2
import pytest
from fakejobs.fake_jobs import FakeJobs
from fakejobs.fake_server import LightServer
from rental_steps import rented

from weighbridge.domain.proof.events import ServerSample
from weighbridge.services.rentals import Ledger
from weighbridge.session import Session
from weighbridge.session.rental import renting


async def test_hardware_comes_with_its_price_a_minute_and_the_memory_of_one_gpu(renter: Session) -> None:
    found = {one.name: one for one in await renting.hardware(renter.deps)}
    assert list(found) == ["cpu-basic", "l4x1", "l4x4"]
    price = found["l4x4"].price
    assert price is not None and (price.amount, price.unit, price.source) == (0.063333, "minute", "hf_jobs_api")
    assert price.retrieved_at and price.source_url.endswith("/api/jobs/hardware")
    assert (found["l4x4"].gpus, found["l4x4"].gpu_memory_bytes) == (4, 24 * 10**9)


async def test_a_rental_is_ordered_started_answered_given_back_and_paid(renter: Session, service: FakeJobs) -> None:
    rental = await rented(renter)
    (job,) = service.living()
    assert rental.endpoint.endswith("/v1") and rental.job_id == job.id
    assert [stage.stage for stage in rental.stages][-1] == "RUNNING"
    spec = job.spec
    assert spec["timeoutSeconds"] == rental.order.time_limit_s == 74 * 60
    assert spec["labels"]["weighbridge"] == rental.order.id and spec["flavor"] == "l4x1" and spec["attempts"] == 1
    sha = service.repos["acme/small-Instruct"].sha
    assert spec["command"][:3] == ["vllm", "serve", "acme/small-Instruct"]
    assert spec["command"][spec["command"].index("--revision") + 1] == sha
    assert ":" in spec["dockerImage"] and "secrets" not in spec and spec["expose"]["portsPublic"] == []

    back = await renting.give_back(renter)
    assert back.over and back.stop is not None and back.stop.asked and back.stop.stage == "CANCELED"
    assert back.stop.endpoint_refuses and not service.living()
    cost = back.cost
    assert cost is not None and cost.seconds is not None and cost.price is not None and cost.amount_usd is not None
    assert cost.amount_usd == pytest.approx(cost.seconds / 60 * 0.013333, abs=1e-6)
    assert renter.run.rental == back == Ledger(renter.deps.home).load(back.order.id)


async def test_a_proof_runs_on_the_rented_server_and_the_hub_tells_of_its_gpu(renter: Session) -> None:
    await rented(renter)
    events = [event async for event in renter.prove()]
    assert renter.run.proof is not None and renter.run.proof.outcome == "completed", renter.run.proof
    assert renter.run.proof.output == "Paris is it."
    sample = next(e for e in events if isinstance(e, ServerSample) and e.source == "Hugging Face Jobs")
    assert (sample.gpu_memory_bytes, sample.gpu_percent) == (20_000_000_000, 55.0)


async def test_closing_the_session_gives_the_machine_back(renter: Session, service: FakeJobs) -> None:
    rental = await rented(renter)
    await renter.close()
    assert not service.living()
    kept = Ledger(renter.deps.home).load(rental.order.id)
    assert kept is not None and kept.over and kept.cost is not None


async def test_the_token_goes_to_the_hub_and_its_proxy_alone_and_is_written_nowhere(
    renter: Session, service: FakeJobs
) -> None:
    await rented(renter)
    server = next(iter(service.jobs.values())).server
    assert isinstance(server, LightServer)
    assert {key for _, key in server.seen} == {f"Bearer {service.token}"}
    await renting.give_back(renter)
    home = renter.deps.home
    written = [path for path in home.rglob("*") if path.is_file() and service.token.encode() in path.read_bytes()]
    assert not written
    assert service.token not in json.dumps([job.spec for job in service.jobs.values()])


async def test_a_typed_price_stands_beside_that_of_the_provider(renter: Session) -> None:
    from weighbridge.domain.intents import ChangePlan

    renter.apply(ChangePlan(field="cost_per_hour", value="$1.20/h"))
    await rented(renter)
    cost = (await renting.give_back(renter)).cost
    assert cost is not None and cost.seconds is not None and cost.typed_amount_usd is not None
    assert cost.typed_amount_usd == pytest.approx(cost.seconds / 3600 * 1.2, abs=1e-6)
    assert cost.price is not None and cost.price.source == "hf_jobs_api"


async def test_a_gated_model_needs_the_token_in_the_job_and_a_word_for_it(renter: Session, service: FakeJobs) -> None:
    service.repos["acme/small-Instruct"].gated = "auto"
    service.tokens[service.token] = {"acme/small-Instruct"}
    for kept in (renter.deps.home / "hub").rglob("*.json"):
        kept.unlink()
    with pytest.raises(renting.TokenNeeded):
        await renting.order_of(renter)
    order = await renting.order_of(renter, with_token=True)
    async with aclosing(renting.rent(renter, order)) as states:
        async for _ in states:
            pass
    (job,) = service.living()
    assert job.spec["secrets"] == {"HF_TOKEN": service.token}


async def test_the_endpoint_refuses_after_the_end(renter: Session) -> None:
    rental = await rented(renter)
    await renting.give_back(renter)
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{rental.endpoint}/models", trust_env=False)
