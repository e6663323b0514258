"""Writes the packet of a run: a BagIt 1.0 bag, whole or not at all."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

from weighbridge.domain.text import clean_line
from weighbridge.services.packet_io import bag
from weighbridge.services.packet_io.contents import MODEL_CARD
from weighbridge.services.packet_io.evidence import Evidence, PacketSource
from weighbridge.services.packet_io.fill import DESCRIPTION, SOFTWARE
from weighbridge.services.packet_io.formats.bagit_profile import LABEL, profile_id
from weighbridge.services.packet_io.payload import payload
from weighbridge.services.packet_io.place import place
from weighbridge.services.packet_io.redact import this_machine
from weighbridge.services.packet_io.uncollected import uncollected

RUN_LABEL = "Weighbridge-Run"


@uncollected()
def write_packet(target: Path, source: PacketSource, command: tuple[str, ...] = ()) -> str:
    """Writes `target` and returns its seal: SHA-256 (hex) of its tag manifest.

    `command`: what a colleague types for the same proof. BadInput where the target exists and is something else
    than an earlier packet of this run; Refused where the packet would hold something private; OutsideFailed where
    the disk is full or read-only. In each case nothing has changed.
    """
    redactor = this_machine(source.folders)
    evidence = Evidence(replace(source, events=redactor.events(source.events)))
    data = {name: text.encode("utf-8") for name, text in payload(evidence, redactor, command).items()}
    whole = bag.bag(data, _info(evidence))
    redactor.check({name: data for name, data in whole.items() if name != MODEL_CARD})
    place(target, whole, lambda folder: _is_packet_of(folder, source.run.id))
    return bag.seal(whole)


def _info(e: Evidence) -> dict[str, str]:
    """bag-info.txt. Unknown values say so."""
    model, verdict = e.run.model, e.run.verdict
    return {
        "Bagging-Date": e.source.at[:10],
        "Bag-Software-Agent": SOFTWARE,
        "External-Description": DESCRIPTION,
        "External-Identifier": f"urn:uuid:{e.source.packet_id}",
        RUN_LABEL: e.run.id,
        "Route": e.run.decision.route,
        "Status": e.status,
        "Model": clean_line(model.name) if model else "none",
        "Model-Repo": (model.repo if model else "") or "unknown",
        "Model-Revision": (model.revision if model else "") or "unknown",
        "Model-SHA256": (model.sha256 if model else "") or "unknown",
        LABEL: profile_id(e.run.decision.route),
        "Decision": verdict.choice if verdict and e.verdict_is_current else "none",
    }


def _is_packet_of(folder: Path, run_id: str) -> bool:
    """Whether a folder is an earlier packet of this run and holds nothing else: nobody's own file is lost."""
    try:
        info = (folder / bag.INFO).read_text(encoding="utf-8")
        manifest = (folder / bag.MANIFEST).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    listed = {bag.decode_name(line[66:]) for line in manifest.splitlines()}
    known = listed | set(bag.TAG_FILES) | {bag.TAG_MANIFEST}
    held = {
        (Path(where) / name).relative_to(folder).as_posix() for where, _, names in os.walk(folder) for name in names
    }
    same = re.search(rf"(?m)^{RUN_LABEL}: {re.escape(run_id)}$", info)
    return bool(same) and held <= known
