"""Every field of the records below data/model/ stands in a second place: one that is changed alone is found."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from packet.forge import document, problems, reseal
from packet.hub_run import hub_source, typed_over
from packet.test_hub_forged import forge, said

from weighbridge.services.packet_io.evidence import PacketSource

pytestmark = pytest.mark.usefixtures("marks_here")
File = dict[str, Any]


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if pairs is None:
        yield path, value
        return
    for key, one in pairs:
        yield from leaves(one, (*path, key))


def others(value: Any) -> tuple[Any, ...]:
    """Other values of the same kind; of an unknown one, a text and a number."""
    if value is None:
        return ("x", 7)
    if isinstance(value, bool):
        return (not value,)
    return (value + 1,) if isinstance(value, int | float) else (f"{value}x",)


def unnoticed(packet: Path) -> Iterator[str]:
    for file in sorted((packet / "data/model").glob("*.json")):
        raw = file.read_text("utf-8")
        for path, value in leaves(json.loads(raw)):
            for other in others(value):
                record = at = json.loads(raw)
                for key in path[:-1]:
                    at = at[key]
                at[path[-1]] = other
                file.write_text(json.dumps(record), "utf-8")
                reseal(packet)
                if not problems(packet):
                    yield f"{file.name}: {path}: {other!r}"
        file.write_text(raw, "utf-8")
        reseal(packet)


@pytest.mark.slow
def test_no_field_of_a_hub_model_changes_unnoticed(source: PacketSource, save: Callable[[PacketSource], Path]) -> None:
    typed = typed_over(hub_source(source, "# none\n"), "intended_use", "mine")
    assert list(unnoticed(save(typed))) == []


@pytest.mark.slow
def test_no_field_of_the_bundled_model_changes_unnoticed(packet: Path) -> None:
    assert list(unnoticed(packet)) == []


@pytest.mark.parametrize(
    ("change", "area", "words"),
    [
        (lambda file: file.update(n_params=1), "model", "n_params is 1, the engine loaded"),
        (lambda file: file.update(architecture="qwen2"), "model", "architecture is 'qwen2', the engine loaded"),
        (lambda file: file.update(architecture=None), "gaps", "missing.architecture is None"),
        (lambda file: file["missing"].update(quantization="lost"), "gaps", "missing.quantization is 'lost'"),
        (lambda file: file["card"]["missing"].update(sha256="lost"), "gaps", "card.missing names"),
    ],
)
def test_a_model_forged_with_all_texts(hub_packet: Path, change: Callable[[File], None], area: str, words: str) -> None:
    assert said(forge(hub_packet, "model/model.json", change), area, words)


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("safety", {"reason": "nobody knows"}, "safety is declared, and has reason"),
        ("licence", {"quote": "free"}, "licence is conflicting, and has quote"),
        ("base_model", {"claims": [{"value": "x", "source": "y"}]}, "base_model is declared, and has claims"),
    ],
)
def test_a_fact_has_what_its_status_has(hub_packet: Path, name: str, change: File, words: str) -> None:
    found = forge(hub_packet, "model/card-facts.json", lambda file: file[name].update(change))
    assert said(found, "gaps", words)


def test_when_the_card_was_read_stands_in_the_readme(hub_packet: Path) -> None:
    document(hub_packet, "model/model.json", lambda file: file["card"].update(fetched_at="2020-01-01T00:00:00Z"))
    assert said(problems(hub_packet), "texts", "2020-01-01")


def test_what_a_source_did_not_say_stands_beside_what_was_typed(
    source: PacketSource, save: Callable[[PacketSource], Path]
) -> None:
    packet = save(typed_over(hub_source(source, "# none\n"), "intended_use", "mine"))
    note = (packet / "data/model/LICENSE-NOTE.md").read_text("utf-8")
    assert "Intended use: `mine`" in note and "the sources say: missing: `the model card has no English heading" in note
    document(packet, "model/declared-facts.json", lambda file: file["intended_use"].update(reason="x"))
    assert said(problems(packet), "texts", "LICENSE-NOTE.md")


@pytest.mark.parametrize(
    ("change", "area", "words"),
    [
        ({"n_ctx_train": 131_072}, "runtime", "n_ctx_train is 131072, the engine says 8192"),
        ({"refusal": "The engine cannot load the file."}, "forecast", "its figures give refused"),
        ({"verdict": "refused"}, "forecast", "forecast.verdict is refused"),
    ],
)
def test_a_forecast_that_says_something_else(hub_packet: Path, change: File, area: str, words: str) -> None:
    assert said(forge(hub_packet, "runtime.json", lambda file: file["forecast"].update(change)), area, words)
