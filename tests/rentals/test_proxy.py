"""Which address may have the Hub token: one that the Hub itself named, of its Jobs proxy, and no other."""

from __future__ import annotations

import errno
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from fakejobs.fake_jobs import FakeJobs
from rental_steps import rented

from weighbridge.domain.problems import Refused
from weighbridge.services.endpoint import keys
from weighbridge.services.hub.jobs import Jobs, JobView
from weighbridge.services.hub.proxy import admit, probe
from weighbridge.session import Session

HUB, LOCAL = "https://huggingface.co", "http://127.0.0.1:9"
GOOD = [
    (HUB, "https://687fb701029421ae5549d998--8000.hf.jobs"),
    (HUB, "https://687fb701029421ae5549d998--8000.hf.jobs/"),
    (LOCAL, "http://127.0.0.1:8000"),
    (LOCAL, "http://localhost:8000"),
]
BAD = [
    (HUB, "http://687fb701029421ae5549d998--8000.hf.jobs"),
    (HUB, "https://hf.jobs.example.com"),
    (HUB, "https://evilhf.jobs"),
    (HUB, "https://hf.jobs@example.com"),
    (HUB, "https://example.com/.hf.jobs"),
    (HUB, "https://example.com#.hf.jobs"),
    (HUB, "https://a.hf.jobs:8443"),
    (HUB, "https://u:p@a.hf.jobs"),
    (HUB, "http://127.0.0.1:8000"),
    (LOCAL, "http://10.0.0.1:8000"),
    (HUB, "https://[broken"),
    (HUB, ""),
]


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> str:
    keys.forget()
    monkeypatch.setenv("HF_TOKEN", "hf_aaaa")
    return "hf_aaaa"


def view(*exposed: str) -> JobView:
    return JobView(id="1", namespace="me", url="", stage="RUNNING", exposed=exposed)


@pytest.mark.parametrize(("hub", "address"), GOOD)
def test_an_address_of_the_proxy_gets_the_token(token: str, hub: str, address: str) -> None:
    assert keys.key_for(admit(Jobs(hub), view(address))) == token


@pytest.mark.parametrize(("hub", "address"), BAD)
def test_any_other_address_gets_nothing(token: str, hub: str, address: str) -> None:
    with pytest.raises(Refused):
        admit(Jobs(hub), view(address))
    assert not keys._GIVEN


def test_an_address_that_the_hub_did_not_name_gets_nothing(token: str) -> None:
    with pytest.raises(Refused):
        admit(Jobs(HUB), view("https://a--8000.hf.jobs"), "https://b--8000.hf.jobs/v1")
    assert not keys._GIVEN


async def test_a_run_whose_endpoint_was_changed_by_hand_sends_no_token_there(
    renter: Session, service: FakeJobs
) -> None:
    seen: list[str | None] = []

    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers.get("Authorization"))

        def log_message(self, *_: object) -> None: ...

    rental = await rented(renter)
    with HTTPServer(("127.0.0.1", 0), Other) as other:
        thread = threading.Thread(target=other.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        changed = rental.model_copy(update={"endpoint": f"http://127.0.0.1:{other.server_port}/v1"})
        renter.keep(renter.run.model_copy(update={"rentals": (changed,)}))
        async for _ in renter.prove():
            pass
        other.shutdown()
        thread.join()
    proof = renter.run.proof
    assert proof is not None and proof.outcome == "failed" and "names no address" in proof.message
    assert not any(seen)


@pytest.mark.parametrize(
    ("failed", "unclear"), [(errno.ENETUNREACH, True), (errno.ENETDOWN, True), (errno.ECONNREFUSED, False)]
)
def test_a_machine_without_a_network_learns_nothing_of_a_server(
    failed: int, unclear: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(*_: object, **__: object) -> socket.socket:
        raise OSError(failed, "no connection")

    monkeypatch.setattr(socket, "create_connection", connect)
    seen = probe("http://127.0.0.1:9", admitted=False)
    assert seen.status is None and seen.unclear is unclear
