"""The licence note: class and words follow from the card's fact by the table's rows, the refusal from the use.

The rows that were used lie in the packet, so that the note can be had again from the packet alone. Where the packet's
table is this version's, the rows are compared with it; another version's table is another one, and is not judged.
"""

from __future__ import annotations

from collections.abc import Iterator

from weighbridge.domain.flow import licence_override, licence_refusal
from weighbridge.services.packet_io.checks.pages import other_version
from weighbridge.services.packet_io.contents import Contents
from weighbridge.services.packet_io.fill.decision import SOFTWARE
from weighbridge.services.packet_io.fill.licence import TABLE, classified, own_groups, table_sha256
from weighbridge.services.packet_io.rebuild import run_of
from weighbridge.services.packet_io.records.model import LicenceFile

LICENCE = "data/model/licence.json"


def check_licence(c: Contents) -> Iterator[str]:
    said = c.licence
    if c.card is None or c.decision is None:
        return
    if said is None:
        yield f"{LICENCE} is missing: a model was chosen"
        return
    note, rows = classified(c.card.licence, said.rows)
    if said.note != note:
        wrong = [name for name in type(note).model_fields if getattr(said.note, name) != getattr(note, name)]
        yield f"{LICENCE}: note.{', note.'.join(wrong)}: not what the card's licence gives by the rows"
    if said.rows != rows:
        yield f"{LICENCE}: rows are not those that the card's licence names"
    yield from _table(c, said)
    yield from _use(c, said)


def _table(c: Contents, said: LicenceFile) -> Iterator[str]:
    assert c.card is not None
    assert c.decision is not None
    if said.table_sha256 == table_sha256():
        if said.rows != classified(c.card.licence, own_groups()).rows:
            yield f"{LICENCE}: rows are not those of the table that it names"
    elif c.decision.software == SOFTWARE or said.table == TABLE:
        yield f"{LICENCE}: table_sha256 is not that of {TABLE}"


def _use(c: Contents, said: LicenceFile) -> Iterator[str]:
    """Stated use, refusal and override."""
    assert c.decision is not None
    if said.commercial_use != c.decision.constraints.commercial_use:
        yield f"{LICENCE}: commercial_use is {said.commercial_use}, the constraints say otherwise"
    run = run_of(c)
    if said.refusal != (right := licence_refusal(run)):
        yield f"{LICENCE}: refusal is {said.refusal!r}, class and stated use give {right!r}{other_version(c)}"
    if said.override != licence_override(run):
        yield f"{LICENCE}: override is not the one in data/decision.json that answers this refusal"
