"""A consistent forger at the card, its facts, the licence and the forecast: every checksum holds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from packet.forge import document, problems, reseal
from packet.hub_run import commercial, hub_source

from weighbridge.domain.model.licences import LicenceTable
from weighbridge.services.packet_io import pages, write
from weighbridge.services.packet_io.contents import read_contents
from weighbridge.services.packet_io.evidence import PacketSource
from weighbridge.services.packet_io.fill import decision as fill
from weighbridge.services.packet_io.fill import licence as fill_licence
from weighbridge.services.packet_io.inventory import take_inventory
from weighbridge.services.packet_io.verify import verify_packet
from weighbridge.services.tables import load_licences

pytestmark = pytest.mark.usefixtures("marks_here")
File = dict[str, Any]


def forge(packet: Path, name: str, change: Callable[[File], Any]) -> list[str]:
    """Changes a record, and writes every text for people anew so that it agrees."""
    document(packet, name, change)
    return anew(packet)


def anew(packet: Path) -> list[str]:
    contents = read_contents(take_inventory(packet), {})
    for path, make in (*pages.texts(contents), pages.read_me(contents)):
        (packet / path).write_text(make(), "utf-8", newline="")
    reseal(packet)
    return problems(packet)


def said(found: list[str], area: str, *words: str) -> bool:
    return any(line.startswith(f"{area}: ") and all(word in line for word in words) for line in found)


def test_texts_written_anew_change_nothing(hub_packet: Path) -> None:
    assert anew(hub_packet) == []


def fact(name: str, **changes: object) -> Callable[[File], None]:
    return lambda file: file[name].update(changes)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (fact("out_of_scope_use", quote="Not for anything."), ("does not stand at line 19",)),
        (fact("safety", line=999), ("does not stand at line 999",)),
        (fact("safety", line=25), ("line 25", "read again")),
        (fact("safety", value="It is never wrong."), ("safety is 'It is never wrong.'",)),
        (fact("safety", quote="", line=None), ("safety does not name data/model/README.md",)),
        (fact("languages", value="en, ja"), ("languages is 'en, ja'",)),
        (fact("intended_use", quote="It answers [credential]"), ("does not stand at line 13",)),
    ],
)
def test_a_fact_that_the_card_does_not_give(hub_packet: Path, change: Callable[[File], None], words: list[str]) -> None:
    assert said(forge(hub_packet, "model/card-facts.json", change), "model card", *words)


def test_a_claim_taken_out_of_a_conflict(hub_packet: Path) -> None:
    def mild(file: File) -> None:
        claim = file["licence"]["claims"][1]
        file["licence"] |= {"status": "declared", "value": claim["value"], "source": claim["source"], "claims": []}

    found = forge(hub_packet, "model/card-facts.json", mild)
    assert said(found, "model card", "licence does not name data/model/README.md, which speaks of it at line 2")
    assert said(found, "licence", "note.id") and said(found, "completeness", "licence says")


def test_a_card_with_another_word(hub_packet: Path) -> None:
    path = hub_packet / "data/model/README.md"
    path.write_bytes(path.read_bytes().replace(b"often wrong", b"never wrong"))
    assert said(anew(hub_packet), "model card", "its SHA-256 is not the one in data/model/model.json")

    def matching(file: File) -> None:
        data = path.read_bytes()
        file["card"] |= {"sha256": hashlib.sha256(data).hexdigest(), "size_bytes": len(data)}

    assert said(forge(hub_packet, "model/model.json", matching), "model card", "It is often wrong.", "does not stand")


def test_a_card_that_is_gone_or_of_another_revision(hub_packet: Path) -> None:
    found = forge(hub_packet, "model/model.json", lambda file: file["card"].update(revision="e" * 40))
    assert said(found, "model card", "of another revision")
    (hub_packet / "data/model/README.md").unlink()
    assert said(anew(hub_packet), "model card", "data/model/README.md is missing")


@pytest.mark.parametrize(
    ("change", "area", "words"),
    [
        (lambda file: file["note"].update(licence_class="permissive"), "licence", "note.licence_class"),
        (lambda file: file["rows"][1].update(licence_class="permissive"), "licence", "rows are not those of the table"),
        (lambda file: file.update(rows=file["rows"][:1]), "licence", "rows"),
        (lambda file: file.update(table_sha256="0" * 64), "licence", "table_sha256 is not that of"),
        (lambda file: file.update(commercial_use=False), "licence", "commercial_use is False"),
        (lambda file: file.update(refusal=""), "licence", "refusal is ''"),
        (lambda file: file["override"].update(reason="our lawyer agrees"), "licence", "override is not the one"),
        (lambda file: file.update(override=None), "licence", "override is not the one"),
    ],
)
def test_a_licence_that_says_something_else(
    hub_packet: Path, change: Callable[[File], None], area: str, words: str
) -> None:
    assert said(forge(hub_packet, "model/licence.json", change), area, words)


def test_an_override_of_another_refusal_counts_for_nothing(hub_packet: Path) -> None:
    def other(file: File) -> None:
        file["overrides"][0]["refusal"] = "Commercial use is stated, but no licence of another model is known."

    document(hub_packet, "decision.json", other)
    document(hub_packet, "runtime.json", other)
    assert said(anew(hub_packet), "licence", "override is not the one")


def test_a_file_left_out(hub_packet: Path) -> None:
    (hub_packet / "data/model/licence.json").unlink()
    reseal(hub_packet)
    assert said(problems(hub_packet), "licence", "data/model/licence.json is missing")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda file: file.update(revision="main"), "40 hex digits"),
        (lambda file: file["digests"][0].update(sha256="f" * 64), "digests do not name the digest"),
        (lambda file: file["digests"][1].update(sha256="f" * 64), "is not that of the model"),
        (lambda file: file.update(declared_sha256="f" * 64), "digests do not name the digest"),
    ],
)
def test_a_model_that_is_not_the_one(hub_packet: Path, change: Callable[[File], None], words: str) -> None:
    assert said(forge(hub_packet, "model/model.json", change), "model", words)


def test_a_forecast_that_came_true_afterwards(hub_packet: Path) -> None:
    def nicer(file: File) -> None:
        row = file["forecast_against_measured"][0]
        row |= {"forecast_bytes": row["measured_bytes"], "difference_percent": 0.0}

    assert said(forge(hub_packet, "runtime.json", nicer), "runtime", "forecast_against_measured does not follow")


def test_another_versions_table_is_not_judged_by_this_one(
    source: PacketSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The packet's own rows give its note; only the version that wrote them can compare them with its table."""
    raw = json.loads(load_licences().model_dump_json().replace("Creative Commons Attribution Non", "CC By Non"))
    other = LicenceTable.model_validate(raw)
    with monkeypatch.context() as patch:
        patch.setattr(fill_licence, "load_licences", lambda: other)
        patch.setattr(fill_licence, "table_sha256", lambda: "1" * 64)
        patch.setattr(fill_licence, "TABLE", "data/licences.toml of weighbridge 99")
        patch.setattr(fill, "SOFTWARE", "weighbridge 99")
        write.write_packet(tmp_path / "p", commercial(hub_source(source), "x"))
    assert "CC By Non" in (tmp_path / "p/data/model/LICENSE-NOTE.md").read_text("utf-8")
    assert [check.detail for check in verify_packet(tmp_path / "p").checks if not check.ok] == []
