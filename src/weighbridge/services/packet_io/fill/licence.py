"""Fills licence.json: the class of the card's licence, with the rows of the table that it follows from."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from pydantic import PrivateAttr

from weighbridge import __version__
from weighbridge.domain.base import digest
from weighbridge.domain.facts import Fact
from weighbridge.domain.flow import licence_override, licence_refusal
from weighbridge.domain.model.licences import Licence, LicenceGroup, LicenceNote, LicenceTable, classify
from weighbridge.domain.run import Run
from weighbridge.services.packet_io.records.model import LicenceFile
from weighbridge.services.tables import load_licences

TABLE = f"data/licences.toml of weighbridge {__version__}"


class Classified(NamedTuple):
    note: LicenceNote
    rows: tuple[LicenceGroup, ...]


class _Noting(LicenceTable):
    """A table that notes which of its licences were found: with those alone every question has the same answer."""

    _found: set[str] = PrivateAttr(default_factory=set)

    def find(self, text: str) -> Licence | None:
        row = super().find(text)
        if row is not None:
            self._found.add(row.id)
        return row

    @property
    def used(self) -> tuple[LicenceGroup, ...]:
        kept = [(g, tuple(row for row in g.licence if row.id in self._found)) for g in self.group]
        return tuple(group.model_copy(update={"licence": rows}) for group, rows in kept if rows)


def classified(fact: Fact, groups: tuple[LicenceGroup, ...]) -> Classified:
    """The note on a licence by the rows of `groups`, and those of them that it follows from."""
    table = _Noting.model_construct(group=groups)
    return Classified(classify(fact, table), table.used)


def own_groups() -> tuple[LicenceGroup, ...]:
    """All rows of this version's table."""
    return load_licences().group


@cache
def table_sha256() -> str:
    """Names this version's table."""
    return digest(load_licences())


def licence_file(run: Run, fact: Fact) -> LicenceFile:
    """`fact`: the licence as it stands on the card."""
    note, rows = classified(fact, own_groups())
    run = run.model_copy(update={"licence": note})
    return LicenceFile(
        note=note,
        rows=rows,
        table=TABLE,
        table_sha256=table_sha256(),
        commercial_use=run.constraints.commercial_use,
        refusal=licence_refusal(run),
        override=licence_override(run),
    )
