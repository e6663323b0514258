"""The base model's card in a session's choice, and claims on a licence when a packet's check reads the card again."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
from fakehub.fake_hub import FakeHub

from weighbridge.domain.model.card_text import readable
from weighbridge.domain.model.gguf_types import GgufHeader
from weighbridge.domain.model.hub import CardText, HubRepo
from weighbridge.services.card.extract import card_facts
from weighbridge.services.hub.hub import Hub
from weighbridge.services.packet_io.checks.card import _quotes, _read_again
from weighbridge.services.packet_io.records.model import CardNote
from weighbridge.session.model.hub_choice import choose_to_plan

Repo = Callable[..., HubRepo]
Card = Callable[..., CardText]
NOTE = CardNote.model_validate(
    {
        "file": "data/model/README.md",
        "repo": "someone/model-GGUF",
        "revision": "0" * 40,
        "sha256": "0" * 64,
        "size_bytes": 1,
        "fetched_at": "2026-01-01T00:00:00Z",
        "missing": {},
    }
)
OWN = """---
license: apache-2.0
language: en
base_model: acme/base
---
# M

A context length of 4096.

## Intended use

Letters.

## Out-of-scope use

Laws.

## Limitations

Many.
"""


def test_the_base_models_licence_is_asked_for_where_nothing_is_missing(tmp_path: Path) -> None:
    with FakeHub() as fake:
        fake.add("acme/m", {"README.md": OWN.encode()})
        fake.add("acme/base", {"README.md": b"---\nlicense: cc-by-nc-4.0\n---\n"})
        facts = choose_to_plan(Hub(tmp_path, fake.endpoint), "acme/m").facts
    assert [claim.value for claim in facts.licence.claims] == ["apache-2.0", "cc-by-nc-4.0"]
    assert facts.licence.claims[1].source.startswith("card of the base model acme/base@")


def test_a_base_model_that_is_not_there_is_told_where_its_card_could_have_helped(tmp_path: Path) -> None:
    with FakeHub() as fake:
        fake.add("acme/m", {"README.md": OWN.partition("## Limitations")[0].encode()})
        facts = choose_to_plan(Hub(tmp_path, fake.endpoint), "acme/m").facts
    assert (facts.licence.status, facts.licence.value) == ("declared", "apache-2.0")
    assert "the card of the base model was not read (acme/base: " in facts.safety.reason


FRONTS = ["", "license: mit\n", "license: unknown\n", "license: other\n", "license: mit\nlicense: mrl\n", "a: b: c\n"]
BODIES = [
    "",
    "## License\n\nMIT\n",
    "- **License:** research only\n",
    "## License\n\nUse it. " + "long words " * 60 + " never for [any](x) **commercial** thing " + "more " * 200 + ".\n",
    "## License\n\nThe `weights` are for research\n_use_ only. Yes.\n",
    "## License\n\n[![CC BY-NC](a)](b)\n",
]


@pytest.mark.parametrize("in_header", [None, "apache-2.0", "other", "cc-by-nc-4.0"])
def test_every_claim_on_the_licence_is_found_again_in_the_card(repo: Repo, card: Card, in_header: str | None) -> None:
    """The check knows neither the file nor the base model."""
    keys: dict[str, str] = {"general.license": in_header} if in_header else {}
    header = GgufHeader(3, {"general.architecture": "llama", **keys}, {}, {}, (), 32, 0, 0)
    bases = [None, (repo("a/b"), card("---\nlicense: gemma\n---\n"))]
    for front, body, base in itertools.product(FRONTS, BODIES, bases):
        text = (f"---\n{front}---\n" if front else "") + body
        facts = card_facts(repo(), card(text), header, base)
        assert [*_read_again(facts, NOTE, text), *_quotes(facts, readable(text).split("\n"))] == []


def test_a_stricter_claim_that_was_taken_out_is_found(repo: Repo, card: Card) -> None:
    text = "---\nlicense: mit\n---\n## License\n\nResearch only.\n"
    mild = card_facts(repo(), card("---\nlicense: mit\n---\n"))
    assert any("licence passes over line 6" in one for one in _read_again(mild, NOTE, text))
