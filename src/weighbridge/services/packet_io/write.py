"""Writes the packet of a run: a BagIt 1.0 bag, whole or not at all."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from weighbridge.domain.proof.events import Attempt, Connected
from weighbridge.services.packet_io import bag
from weighbridge.services.packet_io.bag_info import RUN_LABEL, labels
from weighbridge.services.packet_io.contents import MODEL_CARD, Contents, take
from weighbridge.services.packet_io.evidence import Evidence, PacketSource
from weighbridge.services.packet_io.payload import payload
from weighbridge.services.packet_io.place import place
from weighbridge.services.packet_io.redact import this_machine
from weighbridge.services.packet_io.uncollected import uncollected


@uncollected()
def write_packet(target: Path, source: PacketSource, command: tuple[str, ...] = ()) -> str:
    """Writes `target` and returns its seal: SHA-256 (hex) of its tag manifest.

    `command`: what a colleague types for the same proof. BadInput where the target exists and is something else
    than an earlier packet of this run; Refused where the packet would hold something private; OutsideFailed where
    the disk is full or read-only. In each case nothing has changed.
    """
    redactor = this_machine(source.folders, _served_names(source))
    evidence = Evidence(replace(source, events=redactor.events(source.events)))
    texts = payload(evidence, redactor, command)
    data = {name: text.encode("utf-8") for name, text in texts.items()}
    whole = bag.bag(data, _info(texts))
    redactor.check({name: data for name, data in whole.items() if name != MODEL_CARD})
    place(target, whole, lambda folder: _is_packet_of(folder, source.run.id))
    return bag.seal(whole)


def _served_names(source: PacketSource) -> Iterator[str]:
    """Every name by which a server of the run knows a model."""
    run = source.run
    for target in (run.target, run.load.target if run.load else None):
        if target is not None:
            yield target.model
    yield from (old.served.name for old in run.baselines if old.served is not None)
    for event in source.events:
        if isinstance(event, Attempt) and event.target is not None:
            yield event.target.model
        elif isinstance(event, Connected):
            yield from (event.model, *event.models)


def _info(texts: Mapping[str, str]) -> dict[str, str]:
    """bag-info.txt, from the records as they are written."""
    contents = Contents({}, set(texts), texts.__getitem__)
    for name in ("data/decision.json", "data/model/model.json", "data/server.json"):
        if name in texts:
            take(contents, name, texts[name])
    return labels(contents)


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
