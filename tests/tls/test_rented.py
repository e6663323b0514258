"""A rented machine behind TLS: an encryption that fails says nothing of whether a server is still there."""

from __future__ import annotations

import pytest
import trustme
from fakejobs.fake_jobs import FakeJobs
from fakejobs.fake_server import LightServer
from rental_steps import GIVES_UP, rented
from rentals.conftest import rented_deps, renter, service, waits
from tls.conftest import encrypt

from weighbridge.domain.serving.rental_words import stop_words
from weighbridge.session import Session
from weighbridge.session.rental import renting

__all__ = ["rented_deps", "renter", "service", "waits"]


@pytest.mark.parametrize("waits", [GIVES_UP])
@pytest.mark.parametrize("still_known", [True, False])
async def test_a_stop_is_not_shown_by_an_encryption_that_failed(
    still_known: bool,
    known: object,
    renter: Session,
    service: FakeJobs,
    certificates: dict[str, trustme.LeafCert],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def made(model: str, token: str) -> LightServer:
        server = LightServer(model, token)
        encrypt(server._server, certificates["sound"])
        server.address = server.address.replace("http://127.0.0.1", "https://localhost")
        return server

    service.server = made
    assert (await rented(renter)).endpoint.startswith("https://localhost")
    service.serves_after_end = True
    if not still_known:
        monkeypatch.delenv("SSL_CERT_FILE")
    stopped = await renting.give_back(renter)
    assert stopped.stop is not None
    assert stopped.stop.endpoint_refuses is (False if still_known else None)
    assert stopped.stop.proven is not still_known
    assert ("STILL ANSWERS" if still_known else "does not tell whether a server is behind it") in stop_words(stopped)
    service.serves_after_end = False
