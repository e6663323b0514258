"""data/redactions.json: which labels stand in which records and logs in place of what was taken out, and how often.

The list names every place of a label that was used, so that `verify` counts the same; never what was taken out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Literal

from weighbridge.services.packet_io.contents import LOGS, RECORDS, Contents
from weighbridge.services.packet_io.records.files import RedactionsFile, Replaced
from weighbridge.services.packet_io.redact import CREDENTIAL, NAME, RULE, RULE_OF_THIS_MACHINE

PATH = "data/redactions.json"


def redactions_file(labels: Collection[str], files: Collection[str], text: Callable[[str], str]) -> RedactionsFile:
    """The list for these labels. `files`: paths of the packet; `text` reads one of them."""
    return RedactionsFile(rule=RULE, replaced=tuple(_rows(labels, files, text)))


def _rows(labels: Collection[str], files: Collection[str], text: Callable[[str], str]) -> Iterator[Replaced]:
    for name in sorted(files) if labels else ():
        if name == PATH or not (name in RECORDS or name.startswith(LOGS)):
            continue
        held = text(name)
        for label in sorted(labels):
            if count := held.count(label):
                yield Replaced(kind=_kind(label), label=label, file=name, count=count)


def _kind(label: str) -> Literal["folder", "name", "credential"]:
    return "name" if label == NAME else "credential" if label == CREDENTIAL else "folder"


def check_redactions(c: Contents) -> Iterator[str]:
    """Every label that is listed stands where and as often as the list says, and nowhere else."""
    said = c.redactions
    if said is None:
        return
    right = redactions_file({row.label for row in said.replaced}, c.present, c.text)
    if said.rule not in (right.rule, RULE_OF_THIS_MACHINE):
        yield f"{PATH}: rule is not the one by which this program takes things out"
    for row in said.replaced:
        if row not in right.replaced:
            yield f"{PATH}: {row.label} stands in {row.file} {_times(right, row)}, and the list says {row.count}"
    for row in right.replaced:
        if not any((one.label, one.file) == (row.label, row.file) for one in said.replaced):
            yield f"{PATH} does not list {row.label} in {row.file}"
    if len(set(said.replaced)) < len(said.replaced):
        yield f"{PATH} lists something twice"


def _times(right: RedactionsFile, row: Replaced) -> int:
    found = (one.count for one in right.replaced if (one.label, one.file) == (row.label, row.file))
    return next(found, 0)
