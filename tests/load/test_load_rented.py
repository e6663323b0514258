"""A load test on a rented machine: asked through the Hub's proxy, given back, paid, and in a packet that holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fakejobs.fake_jobs import FakeJobs
from rental_steps import PACK, rented
from rentals.conftest import rented_deps, renter, service, waits

from weighbridge.domain.intents import UsePack
from weighbridge.services.cases.packs import find_pack
from weighbridge.services.packet_io.verify import verify_packet
from weighbridge.session import Session
from weighbridge.session.jobs.loading import load
from weighbridge.session.rental import renting

__all__ = ["rented_deps", "renter", "service", "waits"]


@pytest.fixture
def pack(tmp_path: Path) -> str:
    path = tmp_path / "cases.toml"
    path.write_text(PACK, "utf-8")
    return str(path)


async def test_a_rented_machine_is_loaded_given_back_and_paid(
    renter: Session, service: FakeJobs, pack: str, tmp_path: Path
) -> None:
    renter.apply(UsePack(pack=find_pack(pack)))
    rental = await rented(renter)
    async for _ in renter.prove():
        pass
    async for _ in load(renter, (1, 2), 4):
        pass
    record = renter.run.load
    assert record is not None and record.ended == "through" and record.target == renter.run.target
    assert [(step.concurrency, step.requests, step.errors) for step in record.steps] == [(1, 4, 0), (2, 4, 0)]
    assert record.connected is not None and record.connected.engine == "vllm"
    assert "is rented, and not stopped by this: the rental has its own proof." in record.shutdown

    back = await renting.give_back(renter)
    (job,) = service.jobs.values()
    assert job.over and job.running_s is not None and back.cost is not None and back.cost.seconds is not None
    assert 0 <= job.running_s - back.cost.seconds < 1, "all of its time, that of the load test too"
    assert back.cost.amount_usd == pytest.approx(back.cost.seconds * 0.013333 / 60, abs=1e-6)

    await renter.write_packet(tmp_path / "packet")
    data = tmp_path / "packet" / "data"
    assert [one.detail for one in verify_packet(data.parent).checks if not one.ok] == []
    lines = (data / "load.jsonl").read_text("utf-8").splitlines()
    assert len(lines) == 8 and all(json.loads(line)["output_tokens"] == 4 for line in lines)
    (row,) = json.loads((data / "rentals.json").read_text("utf-8"))["rows"]
    kept = row["rental"]
    assert kept["job_id"] == rental.job_id and kept["cost"]["amount_usd"] == back.cost.amount_usd
    written = [path for path in data.rglob("*") if path.is_file()]
    assert not any(service.token.encode() in path.read_bytes() for path in written)
