"""What leaves the machine: requests to the Hub and nothing else, and the token to the Hub alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from fakehub.fake_hub import FakeHub
from fakehub.fake_repo import FakeRepo
from fakehub.fake_tiny import CARD, REPO

from weighbridge.domain.model.hub import Query
from weighbridge.services.hub.client import session
from weighbridge.services.hub.hub import Hub

TOKEN = "hf_abcdefghijklmnop"
VISIT = """
import sys
from pathlib import Path
from weighbridge.domain.model.hub import Query
from weighbridge.services.hub.hub import Hub
from weighbridge.services.hub.name import named
hub = Hub(Path(sys.argv[1]))
hub.search(Query())
hub.card(hub.repository(named("acme/tiny-GGUF").repo))
"""


def visit(fake: FakeHub, home: Path, tmp_path: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """A fresh process with the real client, as a person starts it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    environment |= {"HF_ENDPOINT": fake.endpoint, "HF_HOME": str(tmp_path / "hf"), **settings}
    command = [sys.executable, "-W", "error", "-c", VISIT, str(home)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_a_first_visit_sends_three_requests_and_prints_nothing(
    fake: FakeHub, tiny: FakeRepo, home: Path, tmp_path: Path
) -> None:
    fake.fault(headers={"X-HF-Warning": "x; \x9b31mattention"})
    done = visit(fake, home, tmp_path, HF_HUB_DISABLE_TELEMETRY="0")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [call.path.split("?")[0] for call in fake.calls()] == [
        "/api/models",
        f"/api/models/{REPO}",
        f"/{REPO}/resolve/{tiny.sha}/README.md",
    ]
    assert not any(call.authorized for call in fake.calls())


def test_the_token_goes_with_every_question(
    fake: FakeHub, tiny: FakeRepo, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    hub.search(Query())
    hub.card(hub.repository(REPO))
    assert len(fake.calls()) == 3
    assert {call.headers["authorization"] for call in fake.calls()} == {f"Bearer {TOKEN}"}


def test_the_token_stays_here_where_the_person_says_so(
    fake: FakeHub, tiny: FakeRepo, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")
    hub.search(Query())
    hub.card(hub.repository(REPO))
    assert not any(call.authorized for call in fake.calls())


@pytest.mark.parametrize("way", ["redirect", "link"])
def test_the_token_never_goes_to_another_host(
    fake: FakeHub, tiny: FakeRepo, hub: Hub, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with FakeHub() as other:
        other.add("evil/x", {"a.gguf": b"GGUF"})
        there = f"{other.endpoint}/api/models"
        if way == "redirect":
            fake.fault("/api/", status=302, headers={"Location": there})
        else:
            link = {"Link": f'<{there}>; rel="next"'}
            fake.fault("/api/", body=b"[]", content_type="application/json", headers=link)
        hub.search(Query())
        assert [call.authorized for call in other.calls()] == [False]
    assert fake.calls()[0].authorized


def test_the_token_is_not_passed_on_to_a_file_store(
    fake: FakeHub, tiny: FakeRepo, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    fake.cdn = True
    known = hub.repository(REPO)
    url = f"{fake.endpoint}/{REPO}/resolve/{known.revision}/tiny-Q4_0.gguf"
    answer = session().get(url, headers={"Authorization": f"Bearer {TOKEN}"})
    assert len(answer.content) == 1000
    at_hub, at_store = fake.calls("tiny-Q4_0")
    assert (at_hub.authorized, at_store.authorized) == (True, False)
    assert at_store.host == fake.cdn_host


def test_nothing_that_is_kept_holds_the_token(
    fake: FakeHub, tiny: FakeRepo, hub: Hub, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    hub.card(hub.repository(REPO))
    kept = [path.read_bytes() for path in home.rglob("*") if path.is_file()]
    assert len(kept) == 3
    assert not any(TOKEN.encode() in data for data in kept)


def test_a_password_in_the_endpoint_is_not_kept(fake: FakeHub, tiny: FakeRepo, home: Path) -> None:
    hub = Hub(home, fake.endpoint.replace("http://", "http://ada:secret@"))
    known = hub.repository(REPO)
    assert known.endpoint == fake.endpoint
    assert hub.card(known).text == CARD.decode()
    assert not any(b"secret" in path.read_bytes() for path in home.rglob("*") if path.is_file())


def test_the_endpoint_of_the_environment_is_read_at_each_call(
    fake: FakeHub, tiny: FakeRepo, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = Hub(home)
    monkeypatch.setenv("HF_ENDPOINT", fake.endpoint + "/")
    assert hub.repository(REPO).revision == tiny.sha
    with FakeHub() as other:
        sha = other.add(REPO, {"a.gguf": b"GGUF", "b": b""}).commit({})
        monkeypatch.setenv("HF_ENDPOINT", other.endpoint)
        assert hub.repository(REPO).revision == sha


def test_a_proxy_of_the_environment_is_used(tiny: FakeRepo, fake: FakeHub, home: Path, tmp_path: Path) -> None:
    """A proxy is asked with the whole address in the request line."""
    there = "http://hub.invalid"
    done = visit(fake, home, tmp_path, HF_ENDPOINT=there, http_proxy=fake.endpoint, no_proxy="")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(fake.calls()) == 3
    assert all(call.path.startswith(there) for call in fake.calls())
