"""data/licences.toml: every id of the Hub, each mapped to SPDX or ScanCode as license-expression knows them."""

from __future__ import annotations

from typing import Any, cast

import pytest
from license_expression import get_spdx_licensing
from pydantic import ValidationError

from weighbridge.domain.model.licences import Licence, LicenceTable
from weighbridge.services.tables import load_licences

TABLE = load_licences()
BY_ID = {row.id: row for row in TABLE.licences}
LISTED = """
    afl-3.0 agpl-3.0 apache-2.0 apple-amlr apple-ascl artistic-2.0 bigcode-openrail-m bigscience-bloom-rail-1.0
    bigscience-openrail-m bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear bsl-1.0 c-uda cc cc-by-2.0 cc-by-2.5
    cc-by-3.0 cc-by-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0
    cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cc-by-nd-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc0-1.0 cdla-permissive-1.0
    cdla-permissive-2.0 cdla-sharing-1.0 creativeml-openrail-m deepfloyd-if-license ecl-2.0 epl-1.0 epl-2.0
    etalab-2.0 eupl-1.1 eupl-1.2 fair-noncommercial-research-license gemma gfdl gpl gpl-2.0 gpl-3.0
    grok2-community h-research intel-research isc lgpl lgpl-2.1 lgpl-3.0 lgpl-lr llama2 llama3 llama3.1 llama3.2
    llama3.3 llama4 lppl-1.3c mit mpl-2.0 ms-pl ncsa odbl odc-by ofl-1.1 openmdw-1.0 openmdw-1.1 openrail openrail++
    osl-3.0 other pddl postgresql unknown unlicense wtfpl zlib
""".split()  # noqa: SIM905


@pytest.fixture(scope="module")
def symbols() -> dict[str, Any]:
    """Every licence that license-expression knows, by SPDX identifier or ScanCode's LicenseRef."""
    return cast(dict[str, Any], get_spdx_licensing().known_symbols)


def test_every_id_that_the_hub_lists_has_its_row() -> None:
    assert len(LISTED) == 83
    assert sorted(row.id for row in TABLE.licences if not row.custom) == sorted(LISTED)


def test_every_spdx_or_scancode_key_exists(symbols: dict[str, Any]) -> None:
    assert [(row.id, row.spdx) for row in TABLE.licences if row.spdx and row.spdx not in symbols] == []


def test_every_id_that_spdx_knows_is_mapped_to_it(symbols: dict[str, Any]) -> None:
    known: dict[str, str] = {}
    for key, symbol in symbols.items():
        for spelling in (key, *symbol.aliases):
            known.setdefault(spelling.lower(), key)
    shared = {row.id: known[row.id] for row in TABLE.licences if not row.custom and row.id in known}
    assert len(shared) == 50
    assert {id: BY_ID[id].spdx for id in shared} == shared


def test_an_id_without_a_key_is_one_that_neither_list_has() -> None:
    """Those of the 83 that are families, or licences of one company's models."""
    without = [row.id for row in TABLE.licences if not row.custom and not row.spdx]
    assert sorted(without) == sorted(
        """bsd cc gfdl llama3 openrail openrail++ c-uda apple-ascl apple-amlr intel-research h-research other unknown
        deepfloyd-if-license fair-noncommercial-research-license grok2-community openmdw-1.1""".split()  # noqa: SIM905
    )


@pytest.mark.parametrize("row", TABLE.licences, ids=lambda row: row.id)
def test_every_note_is_one_line_with_an_address(row: Licence) -> None:
    assert 20 <= len(row.note) <= 160 and "\n" not in row.note and row.note.endswith(".")
    assert row.link.startswith("https://") and " " not in row.link


@pytest.mark.parametrize("row", TABLE.licences, ids=lambda row: row.id)
def test_the_class_is_what_the_name_says(row: Licence) -> None:
    """Rules of the names alone, stated apart from the table."""
    words = row.id.replace(".", "-").split("-")
    if "nc" in words or "nd" in words or any("research" in w or "commercial" in w for w in words):
        assert row.licence_class == "non-commercial"
        assert "no commercial" in row.note.lower() or "commercial use needs" in row.note or "unchanged" in row.note
    if ("sa" in words and "nc" not in words) or row.id.removeprefix("a").removeprefix("l").startswith("gpl"):
        assert row.licence_class == "share-alike"
    if (words[0].startswith(("llama", "gemma", "qwen")) and "research" not in words) or "openrail" in row.id:
        assert row.licence_class == "conditional"
    if row.licence_class == "permissive":
        assert "allow" in row.note and "non" not in words


def test_a_licence_without_derivatives_says_what_that_means_for_quantized_files() -> None:
    for row in TABLE.licences:
        if "-nd-" in row.id:
            assert "quantized" in row.note


def test_no_two_rows_share_a_spelling() -> None:
    first = TABLE.group[0]
    same = first.licence[0].model_copy(update={"id": "apache-2", "spdx": "", "aliases": ()})
    with pytest.raises(ValidationError, match=r"also a spelling of 'apache-2\.0'"):
        LicenceTable.model_validate({"group": [first, first.model_copy(update={"licence": (same,)})]})
