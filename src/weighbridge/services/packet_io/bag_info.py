"""bag-info.txt: its labels from the records, for the writer, and for `verify`, which makes the file again."""

from __future__ import annotations

from collections.abc import Iterator

from weighbridge.domain.text import clean_line
from weighbridge.services.packet_io import bag
from weighbridge.services.packet_io.checks.pages import first_difference
from weighbridge.services.packet_io.contents import Contents
from weighbridge.services.packet_io.fill.decision import DESCRIPTION
from weighbridge.services.packet_io.formats.bagit_profile import LABEL, profile_id, way_of

RUN_LABEL = "Weighbridge-Run"
OXUM = "Payload-Oxum"


def labels(c: Contents) -> dict[str, str]:
    """All but Payload-Oxum. Needs decision.json; unknown values say so."""
    d, model = c.decision, c.model
    assert d is not None
    return {
        "Bagging-Date": d.written_at[:10],
        "Bag-Software-Agent": d.software,
        "External-Description": DESCRIPTION,
        "External-Identifier": d.packet,
        RUN_LABEL: d.run,
        "Route": d.route.route,
        "Status": d.status,
        "Model": clean_line(d.model) if d.model else "none",
        "Model-Repo": (model.repo if model else "") or "unknown",
        "Model-Revision": (model.revision if model else "") or "unknown",
        "Model-SHA256": (model.sha256 if model else "") or "unknown",
        LABEL: profile_id(d.route.route, way_of(c)),
        "Decision": d.verdict.choice if d.verdict and d.verdict_current else "none",
    }


def check_info(c: Contents) -> Iterator[str]:
    """The file is the records, byte for byte; Payload-Oxum is taken as it says, for it has a check of its own."""
    if c.decision is None:
        return
    right = labels(c) | {OXUM: c.info.get(OXUM, "nothing")}
    unknown = sorted(c.info.keys() - right.keys())
    yield from (f"{bag.INFO}: {name!r} is no label of a packet: {c.info[name]!r}" for name in unknown)
    if not unknown and (said := c.text(bag.INFO)) != (made := bag.info_text(right)):
        yield f"{bag.INFO}, {first_difference(said, made)}"
