"""Certificates of real TLS servers: the person's own authority counts, and every other end is a sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from bad_server import BadServer, models, stream
from shelf import shelf
from tls.conftest import TlsHub, TlsServer

from weighbridge.cli import main
from weighbridge.domain.problems import HubProblem
from weighbridge.services.hub.hub import Hub

UNKNOWN = "its certificate is by an authority that this machine does not know"
ENDS = {
    "other host": ("its certificate is for another host name", "a name that the certificate bears"),
    "expired": ("its certificate has expired", "check the clock of this machine"),
}


def ready(server: TlsServer) -> TlsServer:
    server.on("/v1/models", models("tiny", max_model_len=2048))
    server.on("/v1/chat/completions", stream("Yes, ", "Paris."))
    return server


def hub_of(home: Path, hub: TlsHub) -> Hub:
    return Hub(home, hub.endpoint, 5.0, lambda: "2026-01-02T03:04:05Z")


def test_a_server_with_a_certificate_of_ones_own_authority_is_asked(
    served: Callable[[str], TlsServer], known: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    server = ready(served("sound"))
    assert main(["prove", f"{server.base_url}#tiny", "--json", "--max-tokens", "8"]) == 0
    events = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert any(event.get("text") == "Paris." for event in events)


def test_a_server_nobody_vouches_for_gets_nothing(
    served: Callable[[str], TlsServer], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WEIGHBRIDGE_API_KEY", "sk-geheim-0123456789")
    server = ready(served("sound"))
    assert main(["card", f"{server.base_url}#tiny"]) == 4
    said = " ".join(capfd.readouterr().err.split())
    assert f"The encrypted connection to {server.root.removeprefix('https://')} failed: {UNKNOWN}." in said
    assert "set SSL_CERT_FILE to its certificate" in said and "system's store" in said
    assert server.seen == []


@pytest.mark.parametrize("kind", list(ENDS))
def test_a_certificate_that_is_not_good_is_told(
    kind: str, served: Callable[[str], TlsServer], known: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    told, hint = ENDS[kind]
    server = ready(served(kind))
    assert main(["card", f"{server.base_url}#tiny"]) == 4
    said = " ".join(capfd.readouterr().err.split())
    assert told in said and hint in said and server.seen == []


def test_a_server_that_speaks_http_is_told_apart(capfd: pytest.CaptureFixture[str]) -> None:
    with BadServer() as plain:
        assert main(["card", f"{plain.base_url.replace('http://', 'https://')}#tiny"]) == 4
    assert "speaks http instead of https" in " ".join(capfd.readouterr().err.split())


def test_the_hub_behind_ones_own_authority_is_asked(hubs: Callable[[str], TlsHub], known: Path, home: Path) -> None:
    hub = hubs("sound")
    assert hub_of(home, hub).repository("acme/tiny").repo == "acme/tiny" and hub.calls()


@pytest.mark.parametrize("kind", ["unknown", *ENDS])
def test_a_hub_whose_certificate_is_not_good_is_told(
    kind: str, hubs: Callable[[str], TlsHub], home: Path, request: pytest.FixtureRequest
) -> None:
    if kind != "unknown":
        request.getfixturevalue("known")
    told, hint = ENDS.get(kind, (UNKNOWN, "set SSL_CERT_FILE to its certificate"))
    hub = hubs("sound" if kind == "unknown" else kind)
    with pytest.raises(HubProblem, match=told) as problem:
        hub_of(home, hub).repository("acme/tiny")
    assert hint in problem.value.hint and hub.calls() == []


def test_a_download_is_not_tried_again_where_the_certificate_is_not_good(
    hubs: Callable[[str], TlsHub], home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = shelf(hubs("sound"), home)
    with caplog.at_level("INFO"), pytest.raises(HubProblem, match=UNKNOWN):
        file.fetch()
    assert "trying again" not in caplog.text


def test_own_certificates_that_cannot_be_read_are_named(
    hubs: Callable[[str], TlsHub], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    with pytest.raises(HubProblem, match="SSL_CERT_FILE names no certificates that can be read"):
        hub_of(home, hubs("sound")).repository("acme/tiny")
