"""What a licence allows, by the table in data/licences.toml. A note for a person, not legal advice.

A text counts as a licence only where the whole of it was recognised: "not apache-2.0", or "MIT for the code", is
unknown, never permissive.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import Field, StringConstraints, model_validator

from weighbridge.domain.base import Record
from weighbridge.domain.facts import Fact
from weighbridge.domain.text import clean_line

LicenceClass = Literal["permissive", "share-alike", "conditional", "non-commercial", "unknown"]

STRICTNESS: tuple[LicenceClass, ...] = ("permissive", "share-alike", "conditional", "unknown", "non-commercial")
"""Mild to strict. A licence that is known to forbid commercial use is stricter than one that is not known."""

_Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.+-]{0,59}$")]
_Line = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=r"^[^\n]+$")]
_Link = Annotated[str, StringConstraints(pattern=r"^https://[^\s]+$")]


class LicenceNote(Record):
    """The class of what the card's licence fact names, with a note and an address.

    `id` is the Hub's licence id or license_name as recognised, empty where nothing was. Where sources conflict,
    the strictest of them counts.
    """

    id: str = ""
    name: str = ""
    licence_class: LicenceClass = "unknown"
    note: str
    link: str = ""


class LicenceRow(Record):
    """One licence as the file has it. `spdx`: its SPDX identifier or ScanCode's; empty where neither knows it.

    `note` stands instead of that of its group; `aliases` are other spellings of the id.
    """

    id: _Id
    name: _Line
    spdx: str = ""
    link: _Link
    note: str = ""
    aliases: tuple[_Line, ...] = ()


class LicenceGroup(Record):
    """Licences of one class with one note. `custom`: names that go with the Hub's `license: other`."""

    licence_class: LicenceClass
    note: _Line
    custom: bool = False
    licence: tuple[LicenceRow, ...] = Field(min_length=1)


class Licence(Record):
    """One licence: what it is called, its class, and one line on commercial use and derivatives."""

    id: str
    name: str
    spdx: str
    licence_class: LicenceClass
    note: str
    link: str
    aliases: tuple[str, ...]
    custom: bool


class LicenceTable(Record):
    """data/licences.toml. No two licences share a spelling."""

    group: tuple[LicenceGroup, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        seen: dict[str, str] = {}
        for row in self.licences:
            for spelling in _spellings(row):
                other = seen.setdefault(_key(spelling), row.id)
                if other != row.id or not _key(spelling):
                    raise ValueError(f"{spelling!r} of {row.id!r} is also a spelling of {other!r}")
        if len({row.id for row in self.licences}) < len(self.licences):
            raise ValueError("an id stands in the table twice")
        return self

    @cached_property
    def licences(self) -> tuple[Licence, ...]:
        """All rows, with class and note of their groups."""
        return tuple(
            Licence(
                **row.model_dump(exclude={"note"}),
                note=row.note or group.note,
                licence_class=group.licence_class,
                custom=group.custom,
            )
            for group in self.group
            for row in group.licence
        )

    @cached_property
    def _by_key(self) -> dict[str, Licence]:
        return {_key(spelling): row for row in self.licences for spelling in _spellings(row)}

    def find(self, text: str) -> Licence | None:
        """The licence that a whole text names: its id, SPDX identifier, name or another spelling."""
        return self._by_key.get(_key(text))


def _spellings(row: Licence) -> tuple[str, ...]:
    return tuple(filter(None, (row.id, row.spdx, row.name, *row.aliases)))


_TOKEN = re.compile(r"[^\W\d_]+|\d+(?:\.\d+)*|\++|[^\s\w.,:'\"()/+-]")
_NOISE = frozenset({"the", "license", "licence", "licensed", "agreement", "version", "v", "international"})
"""Words that tell no licence from another."""


def _key(text: str) -> str:
    """What two spellings of one licence share: words and numbers, without `version`, `license`, `.0` and case.

    Every other sign stays a word of its own, so that no word is lost that could turn the meaning.
    """
    words = [re.sub(r"(?:\.0)+$", "", word) for word in _TOKEN.findall(text.casefold())]
    return " ".join(word for word in words if word not in _NOISE)


class _Reading(NamedTuple):
    """What one text names. No `row`: not recognised; `name` and `link` are then those that it states.

    `doubt`: why a name that the table knows was not believed.
    """

    row: Licence | None
    name: str = ""
    link: str = ""
    doubt: str = ""

    @property
    def licence_class(self) -> LicenceClass:
        return self.row.licence_class if self.row else "unknown"


_SEPARATOR = re.compile(r"\s*[,;|&/]\s*|\s+(?:and|or)\s+", re.IGNORECASE)
_BRACKETS = re.compile(r"(?P<head>[^()]+?)\s*\((?P<inside>.*)\)", re.DOTALL)
_ADDRESS = re.compile(r"https://[^\s,]+|(?:\S*/)?(?:LICEN[CS]E|COPYING|NOTICE|README)[\w.-]*", re.IGNORECASE)
"""A link, or the name of the file that a licence_link gives."""
_LONGEST = 500
"""Characters of the longest text that can name a licence."""


def _read(text: str, table: LicenceTable) -> list[_Reading]:
    """What a text names: `id`, `id (license_name, link)`, or several of them."""
    if len(text) > _LONGEST:
        return [_Reading(None, name=text)]
    if whole := table.find(text):
        return [_Reading(whole)]
    if brackets := _BRACKETS.fullmatch(text.strip()):
        return _read_brackets(brackets["head"], brackets["inside"], table)
    parts = [part for part in _SEPARATOR.split(text) if part]
    rows = [table.find(part) for part in parts]
    if len(parts) > 1 and all(rows):
        return [_Reading(row) for row in rows]
    return [_Reading(None, name=text)]


def _read_brackets(head: str, inside: str, table: LicenceTable) -> list[_Reading]:
    """`head (license_name, license_link)`. The name says which, where the head is `other`; else both count.

    `other` says that the licence is none of the usual: beside it no name makes a licence permissive.
    """
    parts = [part.strip() for part in inside.split(",") if part.strip()]
    names = [part for part in parts if not _ADDRESS.fullmatch(part)]
    link = next((part for part in parts if part.startswith("https://") and part not in names), "")
    whole = ", ".join(names)
    found = [_Reading(table.find(name), name, link) for name in ([whole] if table.find(whole) else names)]
    first = _read(head, table)
    nameless = first[0].row is not None and first[0].row.id == "other"
    return [_doubted(one) for one in found] if nameless and found else [*first, *found]


def _doubted(reading: _Reading) -> _Reading:
    if reading.licence_class != "permissive":
        return reading
    where = "the linked text" if reading.link else "the licence's text in the repository"
    said = f'"other" with the name {clean_line(reading.name, 60)}: that need not be the usual licence of the name'
    return reading._replace(row=None, doubt=f"{said}; read {where}, and type what it is.")


def classify(fact: Fact, table: LicenceTable) -> LicenceNote:
    """The note on a card's licence fact. Of several licences, and of sources that disagree, the strictest counts."""
    if fact.status == "missing":
        return LicenceNote(note="No licence is known, and without one there is no permission. Read the model card.")
    texts = [str(claim.value) for claim in fact.claims] if fact.status == "conflicting" else [str(fact.value)]
    readings = [reading for text in texts for reading in _read(text, table)]
    strictest = max(readings, key=lambda one: STRICTNESS.index(one.licence_class))
    return _note(strictest, _aside(fact, readings))


def _aside(fact: Fact, readings: Iterable[_Reading]) -> str:
    if fact.status == "conflicting":
        return "The sources disagree, the strictest counts. "
    several = len({one.row.id if one.row else "" for one in readings}) > 1
    return "Several are named, the strictest counts. " if several else ""


def _note(reading: _Reading, aside: str) -> LicenceNote:
    row = reading.row
    if row is None:
        said = clean_line(reading.name, 120)
        unknown = "The table does not know this licence: nothing is taken as allowed until you have read it."
        return LicenceNote(name=said, note=aside + (reading.doubt or unknown), link=reading.link)
    return LicenceNote(
        id=row.id,
        name=row.name,
        licence_class=row.licence_class,
        note=aside + row.note,
        link=row.link,
    )
