"""A server that knows its model by a path, and an API key that goes to it: what the packet says and what not."""

from __future__ import annotations

import asyncio
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from packet.forge import document, problems
from packet.served_run import Server, served_source

from weighbridge.domain.proof.events import Connected
from weighbridge.domain.proof.remote import KeyUse
from weighbridge.services.endpoint import keys
from weighbridge.services.packet_io.evidence import PacketSource
from weighbridge.services.packet_io.write import write_packet

pytestmark = pytest.mark.usefixtures("marks_here")


def packet_of(server: Server, folder: Path) -> Path:
    write_packet(folder / "packet", asyncio.run(served_source(folder / "home", server)))
    return folder / "packet"


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
    packet = packet_of(Server(key="unencrypted"), tmp_path)
    assert problems(packet) == []
    assert json.loads((packet / "data/server.json").read_text("utf-8"))["key"] == "unencrypted"
    for file in ("README.md", "report.html"):
        text = (packet / "data" / file).read_text("utf-8")
        assert "UNENCRYPTED, over plain http to a public host, as the person agreed" in text, file
    forged = Path(shutil.copytree(packet, tmp_path / "forged"))
    document(forged, "server.json", lambda record: record | {"key": "encrypted"})
    assert any("server: data/server.json: key is not what" in one for one in problems(forged))


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
    lines = (packet / "data/README.md").read_text("utf-8").splitlines()
    assert [line for line in lines if "API key" in line] == ([said] if said else [])


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
    uses: list[KeyUse] = ["unencrypted", "none"]
    told = [
        event.model_copy(update={"key": uses.pop(0)}) if isinstance(event, Connected) else event
        for event in given.events
    ]
    assert not uses, "one connection of the proof, one of the eval"
    write_packet(tmp_path / "packet", replace(given, events=told))
    server = json.loads((tmp_path / "packet/data/server.json").read_text("utf-8"))
    assert (server["key"], server["connected"]["key"]) == ("unencrypted", "unencrypted")
    assert problems(tmp_path / "packet") == []
