"""What a licence allows, by the table in data/licences.toml. A note for a person, not legal advice."""

from __future__ import annotations

from typing import Literal

from weighbridge.domain.base import Record

LicenceClass = Literal["permissive", "share-alike", "conditional", "non-commercial", "unknown"]


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
