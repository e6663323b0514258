"""A run that rented more than once: its packet speaks of the machine that was measured, and holds in every state."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from packet.forge import document
from packet.served_run import JOB, Server, loaded, returned, served_source

from weighbridge.domain.flow import status
from weighbridge.domain.serving.billing import cost_of, earlier_usd
from weighbridge.domain.serving.rental import Hardware, Rental, StopProof
from weighbridge.services.packet_io.evidence import PacketSource
from weighbridge.services.packet_io.verify import verify_packet

Save = Callable[[PacketSource], Path]
pytestmark = pytest.mark.usefixtures("marks_here")
OTHER = "7123456789abcdef01234567"
LATER = "2026-01-02T03:40:00Z"
"""When the second rental is ordered: the first has ended."""


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> PacketSource:
    """Proof and eval on one rented GPU, which was given back."""
    return asyncio.run(served_source(tmp_path_factory.mktemp("rented"), Server(), "rented_gpu", rented=True))


def with_second(source: PacketSource, **changes: Any) -> PacketSource:
    """The same with a rental after the first."""
    first = source.run.rentals[0]
    spent = earlier_usd((first,))
    new = {"id": "order-2", "hardware": Hardware(name="a10g"), "earlier_usd": spent, "agreed_at": LATER}
    order = first.order.model_copy(update=new)
    second = first.model_copy(
        update={"order": order, "job_id": OTHER, "endpoint": f"https://{OTHER}--8000.example.org/v1", **changes}
    )
    return replace(source, run=source.run.model_copy(update={"rentals": (first, second)}))


def failed() -> dict[str, Any]:
    """A rental whose server never answered."""
    stop = StopProof(at="2026-01-02T03:34:05Z", asked=False, stage="ERROR", endpoint_refuses=None)
    return {"endpoint": "", "exposed": "", "stages": (), "stop": stop, "cost": None, "message": "The job failed."}


def running(source: PacketSource) -> dict[str, Any]:
    rental: Rental = source.run.rentals[0]
    return {"stop": None, "cost": None, "stages": rental.stages[:2]}


def item(packet: Path, name: str) -> dict[str, Any]:
    rows = json.loads((packet / "data/decision.json").read_text("utf-8"))["completeness"]
    (found,) = [row["fact"] for row in rows if row["id"] == name]
    return dict(found)


def broken(packet: Path) -> list[str]:
    return [f"{one.name}: {one.detail}" for one in verify_packet(packet).checks if not one.ok]


def test_a_second_rental_without_a_proof_of_its_own_takes_the_first_one_s_for_stale(
    once: PacketSource, save: Save
) -> None:
    source = with_second(loaded(once), **running(once))
    assert (status(once.run, "proof"), status(once.run, "eval")) == ("done", "done")
    assert (status(source.run, "proof"), status(source.run, "eval")) == ("stale", "stale")
    packet = save(source)
    assert broken(packet) == []
    server = json.loads((packet / "data/server.json").read_text("utf-8"))
    assert (server["target"]["job"], server["hardware"], server["connected"]) == (OTHER, "a10g", None)
    for name in ("runtime", "first-run", "resources", "shutdown"):
        assert item(packet, name)["reason"].startswith("the proof is stale"), name
    assert item(packet, "endpoint")["status"] != "measured"
    assert "was not seen to stop" in item(packet, "stop-proof")["reason"]


def test_a_rental_that_failed_takes_no_evidence_of_the_one_before_away(once: PacketSource, save: Save) -> None:
    source = with_second(once, **failed())
    assert (status(source.run, "proof"), status(source.run, "eval")) == ("done", "done") and not source.run.planned
    packet = save(source)
    assert broken(packet) == []
    server = json.loads((packet / "data/server.json").read_text("utf-8"))
    assert (server["target"]["job"], server["hardware"]) == (JOB, "l4x1")
    assert JOB in item(packet, "shutdown")["value"] and JOB in item(packet, "stop-command")["value"]
    assert item(packet, "stop-proof")["value"].startswith("2 rentals: ")
    assert item(packet, "cost")["value"].endswith("all 2 rentals: not known yet")


def test_the_proof_stands_while_a_second_machine_is_on_its_way_and_after_both_stopped(
    once: PacketSource, save: Save
) -> None:
    arriving = with_second(once, **{**running(once), "endpoint": ""})
    assert status(arriving.run, "proof") == "done"
    assert broken(save(arriving)) == []
    both = with_second(once)
    stopped = replace(both, run=both.run.model_copy(update={"rentals": tuple(map(returned, both.run.rentals))}))
    assert broken(save(stopped)) == []


@pytest.mark.parametrize("wrong", [0.0, 0.39, 0.5])
def test_what_the_rentals_before_it_have_cost_cannot_be_made_other(
    once: PacketSource, save: Save, wrong: float
) -> None:
    packet = save(with_second(once, **failed()))

    def forge(record: dict[str, Any]) -> None:
        assert record["rows"][1]["rental"]["order"]["earlier_usd"] == 0.4
        record["rows"][1]["rental"]["order"]["earlier_usd"] = wrong

    document(packet, "rentals.json", forge)
    assert any(f"{OTHER}: earlier_usd is {wrong}, the rentals before it come to 0.4" in one for one in broken(packet))


def test_a_rental_that_was_taken_for_ended_and_ended_later_breaks_no_packet(once: PacketSource, save: Save) -> None:
    both = with_second(once, **failed())
    first, second = both.run.rentals
    assert first.stop is not None and first.cost is not None
    stop, cost = first.stop.model_copy(update={"at": "2026-01-02T03:50:00Z"}), cost_of(first.order, 2700.0, "the Hub")
    reopened = first.model_copy(update={"stop": stop, "cost": cost})
    assert earlier_usd((reopened,)) != second.order.earlier_usd
    assert broken(save(replace(both, run=both.run.model_copy(update={"rentals": (reopened, second)})))) == []
