"""Whether this version knows the form of a packet's records: those of another one are checked by that one."""

from __future__ import annotations

import json
from typing import NamedTuple

from weighbridge.domain.text import clean_line
from weighbridge.services.packet_io.fill.decision import SOFTWARE
from weighbridge.services.packet_io.inventory import Inventory
from weighbridge.services.packet_io.records.files import FORM

DECISION = "data/decision.json"
AREA = "form"
"""Name of the check."""
NOT_CHECKED, ADVICE = "not checked: ", ": verify the packet with the version that wrote it"


class Other(NamedTuple):
    """Another form, and why its records cannot be checked, as one sentence that names who wrote them."""

    form: int
    why: str


def other_form(files: Inventory) -> Other | None:
    """What form the records are of, where it is not ours.

    Figures, notes and schemas of a packet are made again byte for byte, which only the version that wrote them can.
    A file that cannot be read is no other form: the checks of the schemas say what is wrong with it.
    """
    try:
        said = json.loads(files.text(DECISION)) if DECISION in files.sizes else {}
        form, by = said.get("schema_version"), said.get("software")
    except (OSError, ValueError, RecursionError, AttributeError):
        return None
    if not isinstance(form, int) or isinstance(form, bool) or form == FORM or form < 1:
        return None
    newer = ", a newer one" if form > FORM else ""
    why = (
        f"{NOT_CHECKED}the records are of form {form}{newer}, written by {clean_line(str(by), 60)}, and this is "
        f"{SOFTWARE}, which checks form {FORM}{ADVICE}"
    )
    return Other(form, why)
