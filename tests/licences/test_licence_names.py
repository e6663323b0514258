"""Which licence a text names. Nothing becomes permissive of which only a part was understood."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge.domain.facts import Claim, conflicting, declared, missing, typed
from weighbridge.domain.model.card_merge import licence_value
from weighbridge.domain.model.licences import STRICTNESS, LicenceNote, classify
from weighbridge.services.tables import load_licences

TABLE = load_licences()


def note(text: str) -> LicenceNote:
    return classify(declared(text, "metadata key license"), TABLE)


@pytest.mark.parametrize("row", TABLE.licences, ids=lambda row: row.id)
def test_a_row_is_found_by_each_of_its_spellings(row: object) -> None:
    licence = next(one for one in TABLE.licences if one is row)
    for spelling in filter(None, (licence.id, licence.spdx, licence.name, *licence.aliases)):
        for text in (spelling, spelling.upper(), f"  {spelling} ", f"license: {spelling}"):
            found = note(text)
            assert (found.id, found.licence_class, found.note) == (licence.id, licence.licence_class, licence.note)
            assert (found.name, found.link) == (licence.name, licence.link)


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("Apache 2.0", "apache-2.0"),
        ("Apache License, Version 2.0", "apache-2.0"),
        ("apache license v2", "apache-2.0"),
        ("apache2.0", "apache-2.0"),
        ("The MIT License (MIT)", "mit"),
        ("MIT license", "mit"),
        ("CC BY-NC-SA 4.0", "cc-by-nc-sa-4.0"),
        ("Creative Commons Attribution 4.0 International", "cc-by-4.0"),
        ("GPL-3.0-or-later", "gpl-3.0"),
        ("BSD 3-Clause License", "bsd-3-clause"),
        ("Llama 3.2 Community License", "llama3.2"),
        ("other (qwen-research, LICENSE)", "qwen-research"),
        ("other (qwen-research, https://huggingface.co/Qwen/Qwen2.5-3B-Instruct/blob/main/LICENSE)", "qwen-research"),
        ("other (Qwen RESEARCH LICENSE AGREEMENT, LICENSE)", "qwen-research"),
        ("other (mnpl, https://mistral.ai/licences/MNPL-0.1.md)", "mnpl"),
        ("other (nvidia-open-model-license, docs/LICENSE.pdf)", "nvidia-open-model-license"),
        ("other (tongyi-qianwen-license-agreement)", "tongyi-qianwen"),
        ("other (lfm1.0, LICENSE)", "lfm1.0"),
        ("llama3.2 (llama3.2, LICENSE.txt)", "llama3.2"),
        ("qwen-research (LICENSE)", "qwen-research"),
        ("other", "other"),
        ("other (LICENSE)", "other"),
    ],
)
def test_texts_as_cards_and_people_write_them(text: str, id: str) -> None:
    assert note(text).id == id


@pytest.mark.parametrize(
    "text",
    [
        "not apache-2.0",
        "apache-2.0 for code, weights non-commercial",
        "MIT (for the code)",
        "MIT (code); weights: ask us",
        "mit-like",
        "MIT?",
        "!mit",
        "¬MIT",
        "M̸IT",
        "mit\u200b",
        "MIT 商用禁止",
        "apache-2.0 WITH Commons-Clause",
        "apache-2.0, with the Commons Clause",
        "CC-BY-4.0-NC",
        "BSL 1.1",
        "MIT-0",
        "no license",
        "unlicensed",
        "see the LICENSE file",
        "https://opensource.org/licenses/MIT",
        "apache-2.0 (jamba)",
        "unknown (mit)",
        "other (mit, apache-ish)",
        "other",
        "cc",
        "mit)" + " " * 600 + "(mit",
        "True",
    ],
)
def test_what_is_not_wholly_recognised_is_unknown(text: str) -> None:
    assert note(text).licence_class == "unknown"


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("apache-2.0, cc-by-nc-4.0", "cc-by-nc-4.0"),
        ("MIT or Apache-2.0", "mit"),
        ("gpl-3.0; mit", "gpl-3.0"),
        ("mit/gemma", "gemma"),
        ("apache-2.0 (jamba-open-model-license, https://www.ai21.com/licence)", "jamba-open-model-license"),
        ("apache-2.0, something-else", ""),
    ],
)
def test_of_several_the_strictest_counts(text: str, id: str) -> None:
    found = note(text)
    assert found.id == id
    assert found.note.startswith("Several are named" if id else "The table does not know")


@pytest.mark.parametrize(
    ("fields", "id"),
    [
        (("apache-2.0",), "apache-2.0"),
        (("apache-2.0", "Apache License, Version 2.0", "LICENSE"), "apache-2.0"),
        (("llama3.2", "Llama 3.2 Community License Agreement", "LICENSE.txt"), "llama3.2"),
        (("apache-2.0", "jamba-open-model-license", "https://www.ai21.com/licence"), "jamba-open-model-license"),
        (("mit", "acme-terms", "LICENSE"), ""),
        (("other", "mrl", "https://mistral.ai/licenses/MRL-0.1.md"), "mrl"),
        (("", "qwen", "LICENSE"), "qwen"),
    ],
)
def test_a_name_that_the_metadata_puts_beside_the_id_counts(fields: tuple[str, ...], id: str) -> None:
    """Published cards do carry `license: apache-2.0` above the name of another licence."""
    assert note(licence_value(*fields)).id == id


def test_a_licence_of_the_authors_own_keeps_its_name_and_address() -> None:
    found = note("other (acme-model-license, https://acme.example/licence)")
    assert (found.id, found.name, found.link) == ("", "acme-model-license", "https://acme.example/licence")
    assert found.licence_class == "unknown"
    assert note("other (acme, http://acme.example)").link == "", "only https is given on"


@pytest.mark.parametrize("name", ["mit", "Apache License 2.0", "mit, apache-2.0"])
def test_other_with_a_usual_name_is_not_taken_for_the_usual_licence(name: str) -> None:
    found = note(f"other ({name}, https://acme.example/licence)")
    assert (found.id, found.licence_class, found.link) == ("", "unknown", "https://acme.example/licence")
    assert '"other" with the name' in found.note and "read the linked text" in found.note
    assert note(f"other ({name}, LICENSE)").link == ""
    assert note("other (mit, mrl)").id == "mrl", "a stricter name is believed"


def test_where_sources_disagree_the_strictest_counts_and_the_note_says_so() -> None:
    claims = (Claim(value="apache-2.0", source="card"), Claim(value="other (qwen-research)", source="GGUF key"))
    found = classify(conflicting(claims), TABLE)
    assert (found.id, found.licence_class) == ("qwen-research", "non-commercial")
    assert "disagree" in found.note
    claims = (Claim(value="mit", source="card"), Claim(value="made up", source="GGUF key"))
    assert classify(conflicting(claims), TABLE).licence_class == "unknown"


def test_a_gap_is_unknown_and_a_typed_licence_counts() -> None:
    gap = classify(missing("the card names none"), TABLE)
    assert (gap.id, gap.licence_class) == ("", "unknown") and "permission" in gap.note
    assert classify(typed("mit"), TABLE).licence_class == "permissive"


PERMISSIVE = [row.id for row in TABLE.licences if row.licence_class == "permissive"]
WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(PERMISSIVE), WORDS, st.sampled_from([" ", ", ", " and ", " (", "/", "-"]), st.booleans())
def test_no_added_word_leaves_a_licence_permissive(id: str, word: str, sign: str, before: bool) -> None:
    """Unless the word says nothing of its own, or names a permissive licence too."""
    if not any(char.isalpha() for char in word) or word.strip(" -_.,:'\"()/").casefold() in NOISE:
        return
    text = f"{word}{sign}{id}" if before else f"{id}{sign}{word}" + (")" if "(" in sign else "")
    found = note(text)
    assert found.licence_class in STRICTNESS
    assert found.licence_class != "permissive" or TABLE.find(word) is not None or TABLE.find(text) is not None


NOISE = frozenset({"the", "license", "licence", "licensed", "agreement", "version", "v", "international"})


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=700))
def test_any_text_gets_a_note(text: str) -> None:
    if text:
        found = note(text)
        assert len(found.name) <= 120 and "\n" not in found.name + found.note
