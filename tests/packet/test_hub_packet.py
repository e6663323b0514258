"""The packet of a Hub model: identity, card, facts with their words, licence, forecast beside measurement."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import bagit
import pytest
from packet.forge import problems
from packet.hub_run import ASKED, CARD, REPO, REVISION, card_of, commercial, hub_source, typed_over

from weighbridge.services.packet_io.evidence import PacketSource
from weighbridge.services.packet_io.model_card import read_card

pytestmark = pytest.mark.usefixtures("marks_here")
Save = Callable[[PacketSource], Path]


def text(packet: Path, name: str) -> str:
    return (packet / "data" / name).read_bytes().decode("utf-8")


def read(packet: Path, name: str) -> Any:
    return json.loads(text(packet, name))


def test_it_verifies_and_bagit_accepts_it(hub_golden: Path) -> None:
    assert problems(hub_golden) == []
    assert bagit.Bag(str(hub_golden)).validate()


def test_the_card_is_carried_byte_for_byte_whatever_it_holds(hub_golden: Path) -> None:
    assert text(hub_golden, "model/README.md") == CARD
    card = read(hub_golden, "model/model.json")["card"]
    assert card["sha256"] == hashlib.sha256(CARD.encode()).hexdigest() and card["size_bytes"] == len(CARD.encode())
    assert (card["repo"], card["revision"], card["fetched_at"]) == (REPO, REVISION, ASKED)


def test_the_model_is_named_exactly_with_every_digest(hub_golden: Path) -> None:
    model = read(hub_golden, "model/model.json")
    assert (model["repo"], model["revision"]) == (REPO, REVISION) and model["size_bytes"] > 90_000_000
    assert {row["sha256"] for row in model["digests"]} == {model["sha256"]}
    told = [row["how"].split(" ")[0] for row in model["digests"]]
    assert told == ["declared", "measured", "checked"]
    readme = text(hub_golden, "README.md")
    assert all(word in readme for word in (REPO, REVISION, "asked 2026-01-02", model["sha256"], "98,362,432 bytes"))
    assert f"Model-Revision: {REVISION}\n" in (hub_golden / "bag-info.txt").read_text()


def test_a_conflict_that_nobody_resolved_is_shown_with_all_its_claims(hub_golden: Path) -> None:
    licence = read(hub_golden, "model/card-facts.json")["licence"]
    assert licence["status"] == "conflicting" and licence["value"] is None
    assert [claim["value"] for claim in licence["claims"]] == ["cc-by-nc-4.0", "apache-2.0"]
    assert licence["claims"][0]["quote"] == "license: cc-by-nc-4.0" and licence["claims"][0]["line"] == 2
    assert read(hub_golden, "decision.json")["disputed"] == ["licence"]
    readme, note = text(hub_golden, "README.md"), text(hub_golden, "model/LICENSE-NOTE.md")
    known, _, rest = readme.partition("## What is missing")
    disputed = rest.partition("## On what sources disagree")[2].partition("##")[0]
    assert "License note" not in known
    for place in (disputed, note):
        assert "`cc-by-nc-4.0` (`model card metadata, key license, line 2`, in its words: `license: cc-by-nc" in place
        assert "`apache-2.0` (`GGUF key general.license`)" in place and "nobody has decided" in place


def test_the_licence_note_has_class_link_use_refusal_and_override(hub_golden: Path) -> None:
    note = text(hub_golden, "model/LICENSE-NOTE.md")
    assert "\n- `apache-2.0` (`GGUF key general.license`)\n" in note
    assert "A note, not legal advice." in note and "- Class: non-commercial" in note
    assert "by-nc/4.0" in note and "- Commercial use stated: yes" in note
    assert "Commercial use is stated, but sources disagree" in note
    assert f"by the person at {ASKED}, for the reason `only a class exercise`" in note


def test_without_an_override_the_refusal_stands(source: PacketSource, save: Save) -> None:
    packet = save(commercial(hub_source(source)))
    assert problems(packet) == []
    assert "- Override: none; the refusal stands" in text(packet, "model/LICENSE-NOTE.md")


def test_what_the_person_typed_hides_no_source(source: PacketSource, save: Save) -> None:
    packet = save(typed_over(hub_source(source), "licence", "apache-2.0"))
    assert problems(packet) == []
    note = text(packet, "model/LICENSE-NOTE.md")
    assert "`apache-2.0` (typed: `typed by the person`)" in note and "`cc-by-nc-4.0` (`model card" in note
    assert read(packet, "model/declared-facts.json")["licence"]["status"] == "conflicting"
    assert read(packet, "model/licence.json")["note"]["licence_class"] == "permissive"
    assert read(packet, "decision.json")["disputed"] == []


def test_quotes_and_lines_stand_beside_every_fact(hub_golden: Path) -> None:
    readme = text(hub_golden, "README.md")
    assert "in its words: `Its context length is 8192 tokens. It is often wrong.`" in readme
    assert "heading 'Out-of-Scope Use', line 19" in readme


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"revision": "f" * 40}, "the card that is kept is another one's"),
        ({"text": CARD + "more"}, "the card was not kept whole"),
        ({"text": "", "sha256": "", "gap": "the repository has no README.md"}, "the repository has no README.md"),
        (None, "the run folder keeps no model card of this model"),
    ],
)
def test_a_card_that_is_not_carried_says_why(
    source: PacketSource, save: Save, change: dict[str, Any] | None, why: str
) -> None:
    made = hub_source(source)
    card = None if change is None else card_of().model_copy(update=change)
    packet = save(replace(made, card=card))
    assert problems(packet) == []
    assert not (packet / "data/model/README.md").exists()
    assert why in text(packet, "README.md") and why in read(packet, "model/model.json")["card"]["missing"]["file"]


def test_a_card_that_tells_of_this_machine_is_withheld(
    source: PacketSource, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value, told in (
        ("HOME", "/home/anna.example", "a folder of this machine"),
        ("HF_TOKEN", "hf_AbCdEfGhIjKlMnOpQrSt", "a credential of this machine"),
    ):
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            packet = save(hub_source(source, CARD + "See /home/anna.example/x."))
        assert problems(packet) == []
        assert f"withheld: the card names {told}" in text(packet, "README.md")
        assert not (packet / "data/model/README.md").exists()


def test_forecast_and_measurement_stand_side_by_side(hub_golden: Path) -> None:
    with (hub_golden / "data/resources/forecast.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["quantity"]: row for row in csv.DictReader(file)}
    assert {"weights", "KV cache", "compute buffer", "output buffer", "process"} < set(rows)
    compute = rows["compute buffer"]
    before, seen = int(compute["forecast_bytes"]), int(compute["measured_bytes"])
    assert abs(before - seen) > seen / 10, "so that it tells by what the difference is divided"
    assert float(compute["difference_percent"]) == round(100 * (before - seen) / seen, 2)
    assert rows["process"]["measured_bytes"] == str(47 * 2**20)
    method = read(hub_golden, "runtime.json")["forecast"]["method"]
    assert {row["forecast_by"] for row in rows.values()} == {method}
    assert f"| compute buffer | {before:,} | {seen:,} | {float(compute['difference_percent']):+.2f} % |" in text(
        hub_golden, "README.md"
    )


def test_a_forecast_for_another_cache_type_is_not_compared(source: PacketSource, save: Save) -> None:
    assert source.run.forecast
    forecast = source.run.forecast.model_copy(update={"kv_type": "q8_0"})
    packet = save(replace(source, run=source.run.model_copy(update={"forecast": forecast})))
    assert problems(packet) == []
    assert "KV cache of type q8_0" in read(packet, "runtime.json")["missing"]["forecast_against_measured"]
    assert not (packet / "data/resources/forecast.csv").exists()


def test_the_run_folders_card_is_read_where_there_is_one(tmp_path: Path) -> None:
    assert read_card(tmp_path) is None
    (tmp_path / "card.json").write_text(card_of().model_dump_json(), "utf-8")
    assert read_card(tmp_path) == card_of()
    (tmp_path / "card.json").write_text("{")
    assert read_card(tmp_path) is None
