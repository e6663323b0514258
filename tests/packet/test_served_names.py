"""A server that knows its model by a path, and an API key that goes to it: what the packet says and what not."""

from __future__ import annotations

import asyncio
import json
import platform
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from packet.forge import document, lines, problems
from packet.served_run import ADDRESS, Server, served_source

from weighbridge.domain.proof.events import Connected
from weighbridge.domain.proof.remote import KeyUse
from weighbridge.services.endpoint import keys
from weighbridge.services.packet_io.evidence import PacketSource
from weighbridge.services.packet_io.write import write_packet

pytestmark = pytest.mark.usefixtures("marks_here")

PUBLIC = "http://models.example.org/v1"


def packet_of(server: Server, folder: Path) -> Path:
    write_packet(folder / "packet", asyncio.run(served_source(folder / "home", server)))
    return folder / "packet"


def put_key(use: KeyUse) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Another use of a key in server.json, wherever it stands there."""
    return lambda record: record | {"key": use, "connected": record["connected"] | {"key": use}}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("/home/annabel smith/models/x.gguf", "[folder]/x.gguf"),
        ("C:\\Users\\annabel\\models\\x.gguf", "[folder]\\x.gguf"),
        ("file:///home/annabel/x.gguf", "file://[folder]/x.gguf"),
        ("/code/x.gguf", "[folder]/x.gguf"),
    ],
)
def test_the_folder_in_a_model_s_name_is_in_no_file(tmp_path: Path, marks_here: None, name: str, told: str) -> None:
    packet = packet_of(Server(name=name), tmp_path)
    for path in packet.rglob("*"):
        assert not path.is_file() or "annabel" not in path.read_text("utf-8"), path
    assert problems(packet) == []
    server = json.loads((packet / "data/server.json").read_text("utf-8"))
    assert (server["target"]["model"], server["connected"]["models"]) == (told, [told])
    for file in ("README.md", "report.html", "model/mlbom.cdx.json"):
        text = (packet / "data" / file).read_text("utf-8")
        assert "[folder]" in text, file
    listed = json.loads((packet / "data/redactions.json").read_text("utf-8"))["replaced"]
    assert {"data/server.json", "data/model/model.json", "data/events.jsonl"} <= {row["file"] for row in listed}


def test_a_key_that_went_unencrypted_by_consent_is_on_record(tmp_path: Path) -> None:
    packet = packet_of(Server(address=PUBLIC, key="unencrypted"), tmp_path)
    assert problems(packet) == []
    assert json.loads((packet / "data/server.json").read_text("utf-8"))["key"] == "unencrypted"
    for file in ("README.md", "report.html"):
        text = (packet / "data" / file).read_text("utf-8")
        assert "UNENCRYPTED, over plain http to a public host, as the person agreed" in text, file
    forged = Path(shutil.copytree(packet, tmp_path / "forged"))
    document(forged, "server.json", lambda record: record | {"key": "encrypted"})
    assert any("server: data/server.json: key is not what" in one for one in problems(forged))


@pytest.mark.parametrize(
    ("address", "key", "forged"),
    [
        (PUBLIC, "unencrypted", "near"),
        (PUBLIC, "unencrypted", "encrypted"),
        ("http://127.0.0.1:8000/v1", "near", "unencrypted"),
        (ADDRESS, "encrypted", "near"),
    ],
)
def test_a_way_that_a_key_cannot_go_to_the_address_is_found(
    tmp_path: Path, address: str, key: KeyUse, forged: KeyUse
) -> None:
    packet = packet_of(Server(address=address, key=key), tmp_path)
    assert problems(packet) == []
    lines(packet, "events.jsonl", lambda rows: [row | ({"key": forged} if "key" in row else {}) for row in rows])
    document(packet, "server.json", put_key(forged))
    assert any(f"server: data/server.json: key is {forged}, and to {address}" in one for one in problems(packet))


@pytest.mark.parametrize(
    ("address", "key", "told"),
    [
        ("http://gpu-box-01:8000/v1", "unencrypted", "http://[name]:8000/v1"),
        ("http://gpu-box-01.local:8000/v1", "near", "http://[name].local:8000/v1"),
    ],
)
def test_a_packet_of_a_server_at_this_machine_s_own_name_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, key: KeyUse, told: str
) -> None:
    monkeypatch.setattr(platform, "node", lambda: "gpu-box-01")
    packet = packet_of(Server(address=address, key=key), tmp_path)
    assert json.loads((packet / "data/server.json").read_text("utf-8"))["target"]["base_url"] == told
    assert problems(packet) == []


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("none", "- API key: none was sent"),
        ("encrypted", "- API key: one was sent, over https; it is in no file"),
        ("not recorded", None),
    ],
)
def test_the_readme_says_where_a_key_is_kept_only_if_there_was_one(
    tmp_path: Path, key: KeyUse, said: str | None
) -> None:
    packet = packet_of(Server(key=key), tmp_path)
    readme = (packet / "data/README.md").read_text("utf-8").splitlines()
    assert [line for line in readme if "API key" in line] == ([said] if said else [])


@pytest.mark.parametrize(
    ("address", "key", "use"),
    [
        ("https://models.example.org/v1", "k" * 20, "encrypted"),
        ("http://127.0.0.1:8000/v1", "k" * 20, "near"),
        ("http://models.example.org/v1", "k" * 20, "unencrypted"),
        ("http://models.example.org/v1", "", "none"),
    ],
)
def test_how_a_key_goes(monkeypatch: pytest.MonkeyPatch, address: str, key: str, use: str) -> None:
    monkeypatch.setenv(keys.VARIABLE, key)
    assert keys.use_for(address) == use


def test_the_least_safe_way_of_all_jobs_counts(tmp_path: Path, given: PacketSource) -> None:
    uses: list[KeyUse] = ["none", "encrypted"]
    told = [
        event.model_copy(update={"key": uses.pop(0)}) if isinstance(event, Connected) else event
        for event in given.events
    ]
    assert not uses, "one connection of the proof, one of the eval"
    write_packet(tmp_path / "packet", replace(given, events=told))
    server = json.loads((tmp_path / "packet/data/server.json").read_text("utf-8"))
    assert (server["key"], server["connected"]["key"]) == ("encrypted", "none")
    assert problems(tmp_path / "packet") == []
