"""What a person is shown of a card: every fact with its status, its source and its line, and every gap."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from weighbridge.domain.facts import Fact
from weighbridge.domain.model.card import FIELDS
from weighbridge.domain.model.hub import CardText, HubRepo
from weighbridge.services.card.extract import card_facts

Sample = Callable[[str], CardText]
Repo = Callable[..., HubRepo]
Card = Callable[..., CardText]

# card, field, status, value, source, line
SHOWN: list[tuple[str, str, str, object, str, int]] = [
    ("good", "licence", "declared", "apache-2.0", "model card metadata, key license, line 2", 2),
    ("good", "languages", "declared", "en, fr", "model card metadata, key language, line 3", 3),
    ("good", "context_length", "derived", 8_192, "model card, line 12", 12),
    (
        "good",
        "intended_use",
        "declared",
        "Heron is meant for drafting short answers in English and French. A person reads every draft.",
        "model card, heading 'Intended Uses', line 14",
        14,
    ),
    (
        "good",
        "out_of_scope_use",
        "declared",
        "Medical, legal and financial advice.",
        "model card, heading 'Out-of-Scope Use', line 23",
        23,
    ),
    (
        "good",
        "safety",
        "declared",
        "The model repeats stereotypes of its training data. Test it on your own cases first.",
        "model card, heading 'Bias, Risks, and Limitations', line 27",
        27,
    ),
    ("good", "base_model", "declared", "harbour/Heron-1B", "model card metadata, key base_model, line 6", 6),
    ("llama_like", "licence", "declared", "llama3.2", "model card metadata, key license, line 407", 407),
    ("llama_like", "context_length", "derived", 131_072, "model card, line 415", 415),
    (
        "llama_like",
        "intended_use",
        "declared",
        "Alpaca is intended for research in two languages. Developers may tune it.",
        "model card, heading 'Intended Use Cases', line 421",
        421,
    ),
    (
        "llama_like",
        "out_of_scope_use",
        "declared",
        "Use in any manner that breaks the law. Use in languages that are not listed.",
        "model card, heading 'Out-of-scope', line 423",
        423,
    ),
    (
        "llama_like",
        "safety",
        "declared",
        "We follow three steps. Ten people tried to break it.",
        "model card, heading 'Responsibility & Safety', line 428",
        428,
    ),
    (
        "other_licence",
        "licence",
        "declared",
        "other (tern-research, LICENSE.md)",
        "model card metadata, key license, line 2",
        2,
    ),
    ("other_licence", "languages", "declared", "no", "model card metadata, key language, line 5", 5),
    (
        "broken_yaml",
        "licence",
        "declared",
        "cc-by-nc-4.0",
        "model card metadata (it is not valid YAML near line 7), key license, line 3",
        3,
    ),
    (
        "broken_yaml",
        "languages",
        "declared",
        "en, nn",
        "model card metadata (it is not valid YAML near line 7), key language, line 4",
        4,
    ),
    ("broken_yaml", "safety", "declared", "It knows little.", "model card, heading 'Limitations', line 11", 11),
    ("labels", "licence", "declared", "MIT", "model card, label 'License', line 5", 5),
    ("labels", "languages", "declared", "Finnish, Swedish", "model card, label 'Language(s) (NLP)', line 4", 4),
    ("labels", "context_length", "derived", 2_048, "model card, line 7", 7),
    (
        "labels",
        "intended_use",
        "declared",
        "Sorting letters. - It runs on a laptop",
        "model card, heading 'Uses', line 10",
        10,
    ),
    ("german", "languages", "declared", "de", "model card metadata, key language, line 3", 3),
]


@pytest.mark.parametrize(("name", "field", "status", "value", "source", "line"), SHOWN)
def test_a_fact_with_its_place(
    sample: Sample, repo: Repo, name: str, field: str, status: str, value: object, source: str, line: int
) -> None:
    text = sample(name)
    fact: Fact = getattr(card_facts(repo(), text), field)
    assert (fact.status, fact.value, fact.source, fact.line) == (status, value, source, line)
    assert fact.quote and len(fact.quote) <= 300
    written = " ".join(text.text.split("\n")[line - 1 : line + 8]).replace("**", "")
    first = fact.quote.split()[0]
    assert first in written, f"{first} does not stand near line {line}"


@pytest.mark.parametrize(
    ("name", "field", "reason"),
    [
        ("template", "licence", "the model card has neither the metadata key license nor an English heading"),
        ("template", "intended_use", "the model card has nothing under its heading 'Uses', line 13"),
        ("template", "out_of_scope_use", "nothing under its heading 'Out-of-Scope Use', line 21"),
        ("template", "safety", "nothing under its heading 'Bias, Risks, and Limitations', line 25"),
        ("template", "base_model", "no metadata key base_model"),
        ("reupload", "licence", "neither the metadata key license"),
        ("reupload", "context_length", "no context length in its prose or tables"),
        ("german", "intended_use", "no English heading on intended use"),
        ("german", "safety", "no English heading on limitations"),
    ],
)
def test_a_gap_says_where_was_looked(sample: Sample, repo: Repo, name: str, field: str, reason: str) -> None:
    fact: Fact = getattr(card_facts(repo(), sample(name)), field)
    assert fact.status == "missing" and reason in fact.reason and "read the card and type it" in fact.reason


def test_different_context_lengths_are_all_shown(sample: Sample, repo: Repo) -> None:
    fact = card_facts(repo(), sample("contexts")).context_length
    assert fact.status == "conflicting" and fact.unit == "tokens"
    assert [(claim.value, claim.line) for claim in fact.claims] == [(8_192, 6), (32_768, 7), (16_384, 9)]
    assert fact.claims[1].quote == "supports up to 32K context with scaling."


@pytest.mark.parametrize(("text", "gap"), [("", "the repository has no README.md"), ("\ufeff \n\n", "")])
def test_a_card_that_is_not_there(repo: Repo, card: Card, text: str, gap: str) -> None:
    facts = card_facts(repo(), card(text, gap))
    for field in FIELDS:
        fact = getattr(facts, field.name)
        assert fact.status == "missing" and (gap or "it is empty") in fact.reason


def test_of_a_gated_card_the_hub_still_tells_the_metadata(repo: Repo, card: Card) -> None:
    told = repo(license="llama3.2", language=["en", True], base_model="harbour/Heron-1B")
    facts = card_facts(told, card("", "access must be asked for"))
    assert (facts.licence.status, facts.licence.value, facts.licence.source, facts.licence.line) == (
        "declared",
        "llama3.2",
        "Hub metadata, key license",
        None,
    )
    assert facts.languages.value == "en"
    assert facts.base_model.value == "harbour/Heron-1B"
    assert "access must be asked for" in facts.safety.reason


def test_the_readme_has_lines_so_it_goes_before_the_hubs_metadata(repo: Repo, sample: Sample) -> None:
    facts = card_facts(repo(license="mit", base_model="a/b"), sample("other_licence"))
    assert facts.licence.line == 2 and str(facts.licence.value).startswith("other")
    assert facts.base_model.source == "Hub metadata, key base_model"
