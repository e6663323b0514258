"""Card, GGUF header and base model's card side by side: who is believed, what conflicts, what follows."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from weighbridge.domain.model.gguf_types import GgufHeader
from weighbridge.domain.model.hub import CardText, HubRepo
from weighbridge.services.card.extract import base_model_of, card_facts

Sample = Callable[[str], CardText]
Repo = Callable[..., HubRepo]
Card = Callable[..., CardText]


def header(**metadata: str | int) -> GgufHeader:
    """A header that says only this; `__` in a name stands for a dot."""
    keys: dict[str, str | int] = {key.replace("__", "."): value for key, value in metadata.items()}
    return GgufHeader(3, {"general.architecture": "llama", **keys}, {}, {}, (), 32, 0, 0)


@pytest.mark.parametrize(
    ("written", "in_header"),
    [
        ("apache-2.0", "Apache-2.0"),
        ("apache-2.0", "Apache License, Version 2.0"),
        ("mit", "MIT License"),
        ("llama3.1", "llama-3.1"),
        ("gpl-3.0", "GPL-3.0-only"),
        ("[mit, apache-2.0]", "apache-2.0"),
    ],
)
def test_two_spellings_of_a_licence_are_one(repo: Repo, card: Card, written: str, in_header: str) -> None:
    fact = card_facts(repo(), card(f"---\nlicense: {written}\n---\n"), header(general__license=in_header)).licence
    assert fact.status == "declared" and fact.value == written.strip("[]") and fact.line == 2
    assert fact.source == "model card metadata, key license, line 2; GGUF key general.license says the same"


@pytest.mark.parametrize(
    ("written", "in_header"),
    [
        ("apache-2.0", "cc-by-nc-4.0"),
        ("llama3.1", "llama3.2"),
        ("gpl-3.0", "lgpl-3.0"),
        ("apache-2.0/cc-by-nc-4.0", "apache-2.0"),
    ],
)
def test_card_and_file_disagree_on_the_licence(repo: Repo, card: Card, written: str, in_header: str) -> None:
    fact = card_facts(repo(), card(f"---\nlicense: {written}\n---\n"), header(general__license=in_header)).licence
    assert fact.status == "conflicting"
    assert [(claim.value, claim.source, claim.line) for claim in fact.claims] == [
        (written, "model card metadata, key license, line 2", 2),
        (in_header, "GGUF key general.license", None),
    ]


def test_a_licence_that_is_no_text_does_not_give_way_to_the_file(repo: Repo, card: Card) -> None:
    written = card("---\nlicense: {cc-by-nc-4.0: yes}\n---\n")
    assert card_facts(repo(), written, header(general__license="apache-2.0")).licence.status == "conflicting"


def test_a_name_says_more_than_other(repo: Repo, card: Card, sample: Sample) -> None:
    named = header(general__license="other", general__license__name="tern-research")
    assert card_facts(repo(), sample("other_licence"), named).licence.status == "declared"
    nameless = card_facts(repo(), card("---\nlicense: other\n---\n"), named).licence
    assert (nameless.status, nameless.value, nameless.line) == ("declared", "other (tern-research)", 2)
    usual = card_facts(repo(), card("---\nlicense: other\n---\n"), header(general__license="apache-2.0")).licence
    assert usual.status == "conflicting"
    unsaid = card_facts(repo(), card("---\nlicense: unknown\n---\n"), header(general__license="apache-2.0")).licence
    assert unsaid.value == "apache-2.0" and unsaid.line == 2
    assert unsaid.source == "GGUF key general.license; model card metadata, key license, line 2 names none"
    another = header(general__license="other", general__license__name="gull-research")
    assert card_facts(repo(), sample("other_licence"), another).licence.status == "conflicting"


@pytest.mark.parametrize(
    ("words", "in_header"),
    [
        ("32k", 32_768),
        ("32K", 32_000),
        ("128k", 131_072),
        ("131K", 131_072),
        ("1M", 1_010_000),
        ("32,768", 32_768),
        ("32768", 32_768),
    ],
)
def test_one_number_in_two_spellings(repo: Repo, card: Card, words: str, in_header: int) -> None:
    text = card(f"# M\n\nA context length of {words} tokens.\n")
    fact = card_facts(repo(), text, header(llama__context_length=in_header)).context_length
    assert (fact.status, fact.value, fact.line) == ("declared", in_header, 3)
    assert fact.source == "GGUF key llama.context_length; model card, line 3 says the same"


def test_the_file_promises_another_context_than_the_card(repo: Repo, card: Card) -> None:
    text = card("# M\n\nA context length of 32k tokens.\n")
    fact = card_facts(repo(), text, header(llama__context_length=131_072)).context_length
    assert fact.status == "conflicting"
    assert [(claim.value, claim.source) for claim in fact.claims] == [
        (131_072, "GGUF key llama.context_length"),
        (32_768, "model card, line 3"),
    ]


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("- **Context Length:** Full 131,072 tokens and generation 8192 tokens", 131_072),
        ("A 4096-token context.", 4_096),
        ("It supports a **1M context**.", 1_048_576),
        ("| Context window | 8k | 8k |", 8_192),
        ("max_position_embeddings: 2048", 2_048),
        ("The context length is large.", None),
        ("It was trained on 9,000 tokens in the context of law.", None),
        ("Context length: 7 days", None),
        ("```\ncontext length 4096\n```", None),
    ],
)
def test_context_lengths_as_cards_write_them(repo: Repo, card: Card, line: str, value: int | None) -> None:
    assert card_facts(repo(), card(f"# M\n\n{line}\n")).context_length.value == value


def test_what_the_reupload_lacks_comes_from_the_base_models_card(repo: Repo, sample: Sample) -> None:
    own, base = sample("reupload"), (repo("harbour/Heron-1B-Instruct"), sample("good"))
    facts = card_facts(repo(), own, header(llama__context_length=8_192), base)
    place = "card of the base model harbour/Heron-1B-Instruct@01234567"
    assert (facts.licence.status, facts.licence.value, facts.licence.line) == ("derived", "apache-2.0", None)
    assert facts.licence.source == f"{place}, metadata, key license, line 2"
    assert facts.safety.status == "derived" and facts.safety.line is None
    assert facts.safety.source == f"{place}, heading 'Bias, Risks, and Limitations', line 27"
    assert facts.context_length.source == "GGUF key llama.context_length"
    assert facts.base_model.value == "harbour/Heron-1B-Instruct" and facts.base_model.line == 2


def test_a_gap_in_both_cards_names_both(repo: Repo, sample: Sample) -> None:
    base = (repo("harbour/Tern-3B"), sample("template"))
    reason = card_facts(repo(), sample("reupload"), header(), base).intended_use.reason
    assert "the model card has no English heading on intended use; the GGUF header does not state it" in reason
    assert "the card of the base model harbour/Tern-3B@01234567 has nothing under its heading 'Uses'" in reason


@pytest.mark.parametrize(
    ("front", "base"),
    [
        ("base_model: harbour/Heron-1B", "harbour/Heron-1B"),
        ("base_model: [harbour/Heron-1B]\nbase_model_relation: quantized", "harbour/Heron-1B"),
        ("base_model: harbour/Heron-1B\nbase_model_relation: finetune", "harbour/Heron-1B"),
        ("base_model: harbour/Heron-1B\nbase_model_relation: distilled", ""),
        ("base_model: [harbour/Heron-1B, harbour/Tern-3B]", ""),
        ("base_model: Someone/Model-GGUF", ""),
        ("base_model: ../../etc/passwd", ""),
        ("base_model: harbour/..", ""),
        ("base_model: https://hub.example/harbour/Heron-1B", ""),
        ("base_model: heron", ""),
        ("license: mit", ""),
    ],
)
def test_which_base_models_card_may_be_read(repo: Repo, card: Card, front: str, base: str) -> None:
    assert base_model_of(repo(), card(f"---\n{front}\n---\n")) == base


def test_without_a_readme_the_hub_names_the_base_model(repo: Repo, card: Card) -> None:
    assert base_model_of(repo(base_model=["harbour/Heron-1B"]), card("", "gated")) == "harbour/Heron-1B"


@pytest.mark.parametrize("number", [str(10**30), "100,000,000,000", "90M", "9" * 1_900])
def test_a_context_that_no_model_has_is_left_out_and_said(repo: Repo, card: Card, number: str) -> None:
    text = card(f"# M\n\nA context length of {number} tokens.\n")
    said = "the claim of the model card, line 3, is left out: more than 20,000,000 tokens"
    assert said in card_facts(repo(), text).context_length.reason
    fact = card_facts(repo(), text, header(llama__context_length=8_192)).context_length
    assert (fact.status, fact.value) == ("declared", 8_192) and fact.source.endswith(said)
    more = card(text.text + "\nOr a context length of 4096.\n")
    assert said in card_facts(repo(), more, header(llama__context_length=8_192)).context_length.text
