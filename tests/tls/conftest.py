"""Servers over TLS, with certificates of an authority that lives as long as a test."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import trustme
from bad_server import BadServer
from fakehub.fake_hub import FakeHub
from huggingface_hub import close_session

from weighbridge.services.endpoint import keys
from weighbridge.services.endpoint.client import _trust
from weighbridge.services.hub.client import prepare

Encrypt = Callable[[Any], None]
"""Takes a listening server of socketserver, and lets it speak TLS."""


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def certificates(authority: trustme.CA) -> dict[str, trustme.LeafCert]:
    """By what is odd about them; `sound` is for localhost."""
    began, ended = datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 2, tzinfo=UTC)
    return {
        "sound": authority.issue_cert("localhost", "127.0.0.1"),
        "other host": authority.issue_cert("models.example"),
        "expired": authority.issue_cert("localhost", not_before=began, not_after=ended),
    }


@pytest.fixture
def known(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The authority as the person's own."""
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return file


@pytest.fixture(autouse=True)
def fresh_clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No client that remembers whom an earlier test trusted, and no key."""
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    prepare()
    for forget in (close_session, _trust.cache_clear, keys.forget):
        forget()
    yield
    for forget in (close_session, _trust.cache_clear, keys.forget):
        forget()


def encrypt(server: Any, certificate: trustme.LeafCert) -> None:
    """The handshake is the business of the connection's own thread. A client that hangs up is none of the test's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.handle_error = lambda *_: None


class TlsServer(BadServer):
    def __init__(self, certificate: trustme.LeafCert) -> None:
        super().__init__()
        encrypt(self._server, certificate)

    @property
    def root(self) -> str:
        return f"https://localhost:{self._server.server_address[1]}"


class TlsHub(FakeHub):
    def __init__(self, certificate: trustme.LeafCert) -> None:
        super().__init__()
        self._certificate = certificate

    @property
    def endpoint(self) -> str:
        return f"https://localhost:{self.port}"

    def start(self) -> TlsHub:
        super().start()
        encrypt(self._server, self._certificate)
        return self


@pytest.fixture
def served(certificates: dict[str, trustme.LeafCert]) -> Iterator[Callable[[str], TlsServer]]:
    """A server whose certificate is what its name says."""
    with ExitStack() as stack:
        yield lambda kind: stack.enter_context(TlsServer(certificates[kind]))


@pytest.fixture
def hubs(certificates: dict[str, trustme.LeafCert]) -> Iterator[Callable[[str], TlsHub]]:
    """A Hub with one small repository behind such a certificate."""

    def started(kind: str) -> TlsHub:
        hub = TlsHub(certificates[kind])
        hub.add("acme/tiny", {"README.md": "---\nlicense: mit\n---\n# Tiny\n"})
        stack.enter_context(hub)
        return hub

    with ExitStack() as stack:
        yield started
