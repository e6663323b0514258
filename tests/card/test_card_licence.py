"""A licence that one source calls permissive and another does not: the card against itself, its file and its base."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from weighbridge.domain.facts import Fact
from weighbridge.domain.model.gguf_types import GgufHeader
from weighbridge.domain.model.hub import CardText, HubRepo
from weighbridge.domain.model.licences import classify
from weighbridge.services.card.extract import card_facts
from weighbridge.services.tables import load_licences

Repo = Callable[..., HubRepo]
Card = Callable[..., CardText]
APACHE = GgufHeader(
    3, {"general.architecture": "llama", "general.license": "apache-2.0"}, {}, {}, (), 32, 0, 0
)  # fmt: skip


def values(fact: Fact) -> list[object]:
    assert fact.status == "conflicting", fact.text
    return [claim.value for claim in fact.claims]


def is_permissive(fact: Fact) -> bool:
    return classify(fact, load_licences()).licence_class == "permissive"


FORBIDDING = [
    ("## License\n\nReleased under CC BY-NC 4.0, see below.", "cc-by-nc-4.0", 6),
    ("- **License:** CC-BY-NC-SA-4.0", "cc-by-nc-sa-4.0", 4),
    ("**License:** for non-commercial use", "non-commercial", 4),
    ("## License\n\nThe weights are for research\nuse only.", "non-commercial", 6),
    ("## Licence\n\nFirst words. It is **noncommercial**. More.", "non-commercial", 6),
    ("# License\n\n## Weights\n\nNot for commercial use.", "non-commercial", 8),
    ("## License\n\nCommercial use is strictly prohibited.", "non-commercial", 6),
    ("## License\n\nIntended solely for academic research.", "non-commercial", 6),
    ("## License\n\nMay not be used in any commercial product.", "non-commercial", 6),
    ("## License\n\nSee [it](https://creativecommons.org/licenses/by-nc/4.0/).", "cc-by-nc-4.0", 6),
    ("## License: CC-BY-NC\n\nSee the file.", "cc-by-nc", 4),
]


@pytest.mark.parametrize(("body", "value", "line"), FORBIDDING)
def test_a_licence_section_that_forbids_commercial_use_disputes_metadata_and_file(
    repo: Repo, card: Card, body: str, value: str, line: int
) -> None:
    said = card_facts(repo(), card(f"---\nlicense: apache-2.0\n---\n{body}\n")).licence
    assert values(said) == ["apache-2.0", value] and not is_permissive(said)
    claim = said.claims[1]
    assert claim.line == line and "forbid commercial use" in claim.source
    words = " ".join(body.replace("*", "").replace("#", "").split())
    assert claim.quote.strip("# ") in words or "creativecommons" in body
    beside_the_file = card_facts(repo(), card(f"\n\n\n{body}\n"), APACHE).licence
    assert values(beside_the_file) == [value, "apache-2.0"]
    alone = card_facts(repo(), card(f"\n\n\n{body}\n")).licence
    assert (alone.value, alone.line) == (value, line)


@pytest.mark.parametrize(
    "words",
    [
        "Apache 2.0, see LICENSE.",
        "Free for commercial and non-commercial use.",
        "For research and commercial use alike.",
        "There are no restrictions on commercial use.",
        "It does not limit commercial use.",
        "Thanks to the NC State University and to NCBI.",
        "<!-- non-commercial\nresearch only -->\nApache.",
        "```\nnon-commercial\n```",
        "- Not for medical use\n- Commercial use is allowed",
    ],
)
def test_a_section_that_only_repeats_the_licence_disputes_nothing(repo: Repo, card: Card, words: str) -> None:
    text = card(f"---\nlicense: apache-2.0\n---\n## License\n\n{words}\n\n## Data\n\nNon-commercial texts.\n")
    fact = card_facts(repo(), text, APACHE).licence
    assert (fact.status, fact.value, fact.line) == ("declared", "apache-2.0", 2)


@pytest.mark.parametrize("written", ["cc-by-nc-4.0", "mrl", "other\nlicense_name: acme-research"])
def test_a_section_that_explains_a_strict_licence_disputes_nothing(repo: Repo, card: Card, written: str) -> None:
    text = card(f"---\nlicense: {written}\n---\n## License\n\nFor non-commercial use.\n")
    assert card_facts(repo(), text).licence.status == "declared"


def test_a_licence_that_says_nothing_gives_way_to_no_file_over_the_sections_words(repo: Repo, card: Card) -> None:
    text = card("---\nlicense: unknown\n---\n## License\n\nResearch only.\n")
    assert values(card_facts(repo(), text, APACHE).licence) == ["unknown", "non-commercial", "apache-2.0"]


@pytest.mark.parametrize(
    ("front", "claims"),
    [
        ("license: cc-by-nc-4.0\nlicense: apache-2.0", [("apache-2.0", 3), ("cc-by-nc-4.0", 2)]),
        ("license: apache-2.0\nx: 1\nlicense: [mrl]", [("mrl", 4), ("apache-2.0", 2)]),
        ("license: cc-by-nc-4.0\na: b: c\nlicense: apache-2.0", [("cc-by-nc-4.0", 2), ("apache-2.0", 4)]),
        ("license: a\nlicense: b\nlicense: mrl\nlicense: mit", [("mit", 5), ("a", 2), ("b, mrl", 3)]),
    ],
)
def test_a_key_that_stands_twice_is_two_claims(
    repo: Repo, card: Card, front: str, claims: list[tuple[str, int]]
) -> None:
    fact = card_facts(repo(), card(f"---\n{front}\n---\n"), APACHE).licence
    assert [(claim.value, claim.line) for claim in fact.claims if claim.line] == claims
    assert not is_permissive(fact)
    assert fact.claims[0].quote.startswith("license: ") and "key license, line" in fact.claims[1].source


def test_a_key_that_says_the_same_twice_or_then_nothing_is_one_claim(repo: Repo, card: Card) -> None:
    assert card_facts(repo(), card("---\nlicense: mit\nlicense: mit\n---\n")).licence.value == "mit"
    assert card_facts(repo(), card("---\nlicense: mrl\nlicense:\n---\n"), APACHE).licence.status == "conflicting"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("---\nx: '" + "y" * 600_000 + "'\nlicense: cc-by-nc-4.0\n---\n# M\n", "not closed within 512 KiB"),
        ("---\nx: 'open\n  license: cc-by-nc-4.0\n---\n# M\n", "not valid YAML"),
    ],
)
def test_a_files_licence_beside_metadata_that_nobody_read(repo: Repo, card: Card, text: str, why: str) -> None:
    fact = card_facts(repo(), card(text), APACHE).licence
    assert fact.status == "derived" and "the metadata of the model card could not be read" in fact.source
    assert why in fact.source
    told = card_facts(repo(language="en"), card(text), APACHE).licence
    assert told.status == "declared", "the Hub has read it"


def test_broken_metadata_with_a_licence_of_a_shape_that_is_not_read(repo: Repo, card: Card) -> None:
    fact = card_facts(repo(), card("---\na: b: c\nlicense: {cc-by-nc-4.0: 1}\n---\n"), APACHE).licence
    assert values(fact) == ["unreadable part", "apache-2.0"] and not is_permissive(fact)


PLACE = "card of the base model harbour/Heron@01234567, metadata, key license, line 2"


@pytest.mark.parametrize("relation", ["", "quantized", "finetune", "merge", "adapter"])
def test_the_base_models_stricter_licence_is_a_claim(repo: Repo, card: Card, relation: str) -> None:
    front = "base_model: harbour/Heron\n" + (f"base_model_relation: {relation}\n" if relation else "")
    base = (repo("harbour/Heron"), card("---\nlicense: cc-by-nc-4.0\n---\n## Limitations\n\nMany.\n"))
    for own in ("license: apache-2.0\n", ""):
        facts = card_facts(repo(), card(f"---\n{own}{front}---\n"), APACHE, base)
        assert values(facts.licence) == ["apache-2.0", "cc-by-nc-4.0"] and not is_permissive(facts.licence)
        assert (facts.licence.claims[1].source, facts.licence.claims[1].line) == (PLACE, None)
        assert facts.safety.status == ("derived" if relation in ("", "quantized") else "missing")


@pytest.mark.parametrize(
    ("theirs", "disputes"),
    [
        ("license: Apache-2.0", False),
        ("license: other\nlicense_name: Apache License 2.0", True),
        ("license: unknown", False),
        ("license: other", True),
        ("license: [apache-2.0, gemma]", True),
        ("license: apache-2.0\nlicense: mrl", True),
        ("language: en", False),
    ],
)
def test_which_licence_of_the_base_model_differs(repo: Repo, card: Card, theirs: str, disputes: bool) -> None:
    base = (repo("harbour/Heron"), card(f"---\n{theirs}\n---\n"))
    fact = card_facts(repo(), card("---\nlicense: apache-2.0\n---\n"), None, base).licence
    assert (fact.status == "conflicting") is disputes


def test_words_of_the_base_models_card_count_where_they_are_a_licence(repo: Repo, card: Card) -> None:
    own = card("---\nlicense: apache-2.0\n---\n")
    for words, status in (("Gemma", "conflicting"), ("Research only", "conflicting"), ("See the file.", "declared")):
        base = (repo("harbour/Heron"), card(f"# M\n\n## License\n\n{words}\n"))
        assert card_facts(repo(), own, None, base).licence.status == status


def test_a_licence_is_no_finetunes_for_being_its_base_models(repo: Repo, card: Card) -> None:
    base = (repo("harbour/Heron"), card("---\nlicense: apache-2.0\n---\n"))
    own = card("---\nbase_model: harbour/Heron\nbase_model_relation: finetune\n---\n")
    assert card_facts(repo(), own, None, base).licence.status == "missing"


def test_a_base_models_card_that_was_not_read_is_told_in_the_gaps(repo: Repo, card: Card) -> None:
    facts = card_facts(repo(), card("---\nlicense: mit\n---\n"), None, base_gap="harbour/Heron: it is not there")
    assert facts.licence.status == "declared"
    assert "the card of the base model was not read (harbour/Heron: it is not there)" in facts.safety.reason
