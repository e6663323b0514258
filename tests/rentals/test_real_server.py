"""A job that starts upstream llama-server with the bundled model: the real client, a real server, real tokens."""

from __future__ import annotations

import psutil
import pytest
from fakejobs.fake_jobs import FakeJobs
from fakejobs.fake_server import LlamaServer
from rental_steps import rented

from weighbridge.domain import intents as want
from weighbridge.session import Session
from weighbridge.session.rental import renting


@pytest.mark.slow
async def test_a_real_server_is_rented_answers_and_its_process_is_gone(renter: Session, service: FakeJobs) -> None:
    service.speed, service.server = 1, LlamaServer
    renter.apply(want.ChangeSetting(field="max_tokens", value="12"))
    rental = await rented(renter)
    assert rental.endpoint, rental.message
    server = service.living()[0].server
    assert isinstance(server, LlamaServer)
    async for _ in renter.prove():
        pass
    proof = renter.run.proof
    assert proof is not None and proof.outcome == "completed" and proof.output and proof.figures.ttft_s
    back = await renting.give_back(renter)
    assert back.over and back.cost is not None and back.cost.amount_usd is not None
    assert not psutil.pid_exists(server.process.pid)
