"""The JSON files below data/model/ as models: which weights, from where, under which licence."""

from __future__ import annotations

from pydantic import Field

from weighbridge.domain.base import Record
from weighbridge.domain.model.choice import ChoiceKind
from weighbridge.domain.model.licences import LicenceGroup, LicenceNote
from weighbridge.domain.run import Override

Sha256 = str


class DigestNote(Record):
    """One SHA-256 of the weights' file, and who obtained it when."""

    sha256: Sha256
    how: str


class CardNote(Record):
    """README.md of the repository at its revision. `missing` says why a field is null; `file` null: not carried."""

    file: str | None = Field(description="the card in this packet, byte for byte")
    repo: str | None
    revision: str | None
    sha256: Sha256 | None = Field(description="of the card's bytes")
    size_bytes: int | None
    fetched_at: str | None
    missing: dict[str, str]


class ModelFile(Record):
    """data/model/model.json: which weights. `missing` says why a field is null."""

    kind: ChoiceKind
    name: str
    repo: str | None
    revision: str | None
    file_name: str | None
    size_bytes: int | None
    sha256: Sha256 | None
    declared_sha256: Sha256 | None = Field(description="as the Hub declared it")
    digests: tuple[DigestNote, ...] = Field(description="every time the digest was declared or measured")
    quantization: str | None
    architecture: str | None
    n_params: int | None
    address: str | None = Field(default=None, description="of the server that answers; null: none, or started here")
    served_name: str | None = Field(default=None, description="the name that the server knows the model by")
    source: str = Field(description="how these are known; for a file of the Hub: where and when it was asked")
    card: CardNote
    missing: dict[str, str]


class LicenceFile(Record):
    """data/model/licence.json: what the licence on the card allows. A note, not legal advice.

    `rows` are all of the table that the card's words name, as they were used, so that the note follows from this
    packet alone, whatever another version's table says.
    """

    note: LicenceNote
    rows: tuple[LicenceGroup, ...]
    table: str
    table_sha256: Sha256 = Field(description="SHA-256 of the table's canonical JSON")
    commercial_use: bool = Field(description="as stated in the constraints")
    refusal: str = Field(description="why the licence does not cover the stated use; empty: nothing speaks against it")
    override: Override | None = Field(description="the person's answer to that refusal, if one is on record")
