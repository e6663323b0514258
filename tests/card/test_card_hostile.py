"""Foreign text in a card reaches the person as one clean line of plain words, and never as markup or a second line."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from weighbridge.domain.model.card_text import readable
from weighbridge.domain.model.hub import CardText, HubRepo
from weighbridge.services.card.extract import card_facts

Repo = Callable[..., HubRepo]
Card = Callable[..., CardText]


def test_escapes_are_shown_as_pictures_wherever_they_stand(repo: Repo, card: Card) -> None:
    text = card("---\nlicense: \x1b[2Jmit\u202e\n---\n# Limitations \x1b]8;;x\x07\nIt lies.\x9b31m\n")
    facts = card_facts(repo(), text)
    assert facts.licence.value == "␛[2Jmit\ufffd" and facts.licence.quote == "license: ␛[2Jmit\ufffd"
    assert facts.safety.source == "model card, heading 'Limitations ␛]8;;x␇', line 4"
    assert facts.safety.value == "It lies.\ufffd31m"


def test_terminal_markup_stays_the_text_that_it_is(repo: Repo, card: Card) -> None:
    facts = card_facts(repo(), card("# Uses\n\n[@click=app.quit]press[/] [bold]here[/bold]\n"))
    assert facts.intended_use.value == "[@click=app.quit]press[/] [bold]here[/bold]"


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("It is **bold**, *slanted* and `code`.", "It is bold, slanted and code."),
        ("See [the report](https://hub.example/r) ![logo](x.png) here.", "See the report here."),
        ("Above.<br/>Below <b>it</b>.", "Above. Below it ."),
        ("1 < 2 and snake_case_name", "1 < 2 and snake_case_name"),
        ("Seen. <!-- not\nseen --> Again.", "Seen. Again."),
        ("Seen. <!-- never closed\n\nNot seen.", "Seen."),
        ("> Quoted\n> twice.", "Quoted twice."),
        ("Before.\n```\n# code\n```\nBehind.", "Before. Behind."),
    ],
)
def test_markdown_becomes_plain_words(repo: Repo, card: Card, written: str, words: str) -> None:
    assert card_facts(repo(), card(f"# Uses\n\n{written}\n")).intended_use.value == words


def test_a_long_section_is_cut_and_quoted_in_whole_sentences(repo: Repo, card: Card) -> None:
    fact = card_facts(repo(), card("# Limitations\n\n" + "It is often quite wrong. " * 100)).safety
    assert len(str(fact.value)) == 600 and str(fact.value).endswith("…")
    assert len(fact.quote) <= 300 and fact.quote.endswith("quite wrong.")


@pytest.mark.parametrize(
    "body",
    [
        "```\n# Limitations\nwords\n```\n",
        "~~~\n\n# Limitations\n\nwords\n",
        "    # Limitations\n    words\n",
        "<!--\n# Limitations\nwords\n-->\n",
        "- limitations\n---\nwords\n",
        "The limitations are told below, and\nthey are many\n---\nwords\n",
        "| limitations |\n|---|\n| words |\n",
        "See also **limitations** of others.\n",
    ],
    ids=["fence", "open fence", "indented", "comment", "list", "rule", "table", "bold inside"],
)
def test_what_is_no_heading(repo: Repo, card: Card, body: str) -> None:
    assert card_facts(repo(), card(f"# M\n\n{body}")).safety.status == "missing"


def test_what_the_title_says_is_no_statement(repo: Repo, card: Card) -> None:
    facts = card_facts(repo(), card("# Guard 2B, a safety model\n\nIt reads prompts.\n\n## Files\n\nOne.\n"))
    assert facts.safety.status == "missing"


def test_lines_count_what_is_shown(repo: Repo, card: Card) -> None:
    """Every kind of line end is one line for the reader and for the screen alike."""
    text = "\ufeff---\r\nlicense: mit\r---\n# M\u2028\x85\r\n# Limitations\r\n\r\nIt lies.\n"
    fact = card_facts(repo(), card(text)).safety
    assert fact.line == 7
    assert readable(text).split("\n")[fact.line - 1] == "# Limitations"


def test_of_a_card_too_long_the_beginning_is_read(repo: Repo, card: Card) -> None:
    facts = card_facts(repo(), card("---\nlicense: mit\n---\n" + "x" * 9_000_000 + "\n# Limitations\nIt lies.\n"))
    assert facts.licence.value == "mit" and facts.safety.status == "missing"
