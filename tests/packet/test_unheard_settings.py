"""Settings that no server heard stand in no record with a value; packets of before, which have them, still hold."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
from packet.forge import document, lines, problems, reseal

from weighbridge.domain.proof.recipe import Recipe
from weighbridge.domain.proof.repeating import recipe_rows
from weighbridge.domain.proof.settings import HeardSettings, RuntimeSettings
from weighbridge.services.packet_io import pages
from weighbridge.services.packet_io.evidence import PacketSource
from weighbridge.services.packet_io.redact import RULE_OF_THIS_MACHINE
from weighbridge.services.packet_io.verify import read_packet
from weighbridge.services.packet_io.write import write_packet
from weighbridge.session.packets.repeat import load_recipe

pytestmark = pytest.mark.usefixtures("marks_here")
SENT = {"max_tokens", "temperature", "seed", "repeats"}
SCHEMAS = Path(__file__).parent.parent / "data" / "earlier-schemas.zip"


def read(packet: Path, name: str) -> Any:
    return json.loads((packet / "data" / name).read_text("utf-8"))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, given: PacketSource) -> Path:
    """A packet of a server. Not to be changed."""
    packet = tmp_path_factory.mktemp("unheard") / "packet"
    write_packet(packet, given)
    return packet


@pytest.fixture
def of_before(tmp_path: Path, given: PacketSource) -> Path:
    """The same as an earlier version wrote it: with every setting that was wished, and without what was added since."""
    packet = tmp_path / "packet"
    write_packet(packet, given)
    whole = given.run.settings.model_dump(mode="json")

    def runtime(record: Any) -> None:
        record["settings"] = record["chosen_settings"] = whole
        gaps = record["missing"]
        record["missing"] = {name: why for name, why in gaps.items() if not name.startswith("chosen_settings.")}

    def server(record: Any) -> None:
        del record["key"], record["connected"]["key"]

    def event(rows: list[Any]) -> None:
        for row in rows:
            row.pop("key", None)

    document(packet, "runtime.json", runtime)
    document(packet, "server.json", server)
    document(packet, "recipe.json", lambda record: record | {"settings": whole})
    document(packet, "redactions.json", lambda record: record | {"rule": RULE_OF_THIS_MACHINE})
    lines(packet, "events.jsonl", event)
    _, contents = read_packet(packet)
    made = [*pages.texts(contents), *pages.tables(contents), pages.report(contents), pages.read_me(contents)]
    for name, make in made:
        (packet / name).write_text(make(), "utf-8")
    with zipfile.ZipFile(SCHEMAS) as earlier:
        earlier.extractall(packet / "data" / "schemas")
    reseal(packet)
    return packet


def test_every_record_has_null_and_the_reason_for_what_was_not_sent(served: Path) -> None:
    runtime, recipe = read(served, "runtime.json"), read(served, "recipe.json")
    log = json.loads(next((served / "data/eval/inspect").iterdir()).read_text("utf-8"))
    for told in (
        runtime["settings"],
        runtime["chosen_settings"],
        recipe["settings"],
        log["eval"]["metadata"]["settings"],
    ):
        assert {name for name, value in told.items() if value is not None} == SENT
        assert told.keys() == RuntimeSettings.model_fields.keys()
    for record, field in ((runtime, "settings"), (runtime, "chosen_settings"), (recipe, "settings")):
        for name in RuntimeSettings.model_fields.keys() - SENT:
            assert record["missing"][f"{field}.{name}"] == "not sent: the server decides"
    assert problems(served) == []


def test_a_packet_of_a_child_here_keeps_every_value(packet: Path) -> None:
    told = read(packet, "runtime.json")["settings"]
    assert (told["n_ctx"], told["kv_type"], told["n_batch"]) == (2048, "f16", 512)


def test_a_packet_of_before_still_holds_with_its_values(of_before: Path) -> None:
    assert read(of_before, "recipe.json")["settings"]["n_ctx"] == 2048
    assert problems(of_before) == []


@pytest.mark.parametrize("name", ["runtime.json", "recipe.json"])
def test_a_value_that_nobody_wished_is_found_in_it(of_before: Path, name: str) -> None:
    document(of_before, name, lambda record: record | {"settings": record["settings"] | {"n_ctx": 4096}})
    assert any(f"data/{name}: settings" in one for one in problems(of_before))


@pytest.mark.parametrize("gap", ["settings.n_ctx", "chosen_settings.kv_type"])
@pytest.mark.parametrize("why", [None, "lost"])
def test_a_null_without_its_reason_is_found(served: Path, tmp_path: Path, gap: str, why: str | None) -> None:
    packet = Path(shutil.copytree(served, tmp_path / "packet"))

    def change(record: Any) -> None:
        del record["missing"][gap]
        record["missing"] |= {gap: why} if why else {}

    document(packet, "runtime.json", change)
    assert any(f"data/runtime.json: missing.{gap} is {why!r}" in one for one in problems(packet))


def test_a_schema_that_no_version_wrote_is_found(of_before: Path) -> None:
    document(of_before, "schemas/runtime.schema.json", lambda schema: schema | {"title": "Other"})
    assert any("schemas/runtime.schema.json" in one for one in problems(of_before))


def test_a_recipe_with_nulls_is_run_again_and_differs_in_nothing_from_one_with_values(
    served: Path, of_before: Path
) -> None:
    new, old = load_recipe(served).recipe, load_recipe(of_before).recipe
    assert new.settings.n_ctx is None and new.settings.whole == old.settings.whole == RuntimeSettings()
    rows = [row for row in recipe_rows(old, new) if row.what.startswith("settings.")]
    assert {row.what for row in rows} == {f"settings.{name}" for name in SENT}
    assert all(row.equal for row in rows)


def test_a_child_in_place_of_the_server_is_said_to_have_heard_more(served: Path, packet: Path) -> None:
    server: Recipe = load_recipe(served).recipe
    row = {row.what: row for row in recipe_rows(server, load_recipe(packet).recipe)}["settings.n_ctx"]
    assert (row.before, row.now, row.equal) == ("not sent: the server decides", "2048", False)


def test_what_is_told_keeps_the_limits_of_the_settings() -> None:
    told = dict.fromkeys(RuntimeSettings.model_fields) | {"max_tokens": 1, "temperature": 0.0, "seed": 1, "repeats": 1}
    assert HeardSettings.model_validate(told).whole.n_ctx == 2048
    for wrong in ({"repeats": 10**9}, {"n_ctx": 1}, {"kv_type": "q8_0", "flash_attn": "off"}):
        with pytest.raises(ValueError, match=r"repeats|n_ctx|flash attention"):
            HeardSettings.model_validate(told | wrong)
