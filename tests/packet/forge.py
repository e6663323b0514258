"""A forger who knows the format: changes files, and makes the manifests anew so that every checksum holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from weighbridge.services.packet_io import bag
from weighbridge.services.packet_io.verify import verify_packet


def reseal(packet: Path) -> None:
    """Manifests, Payload-Oxum and tag manifest for the files as they are."""
    data = {p.relative_to(packet).as_posix(): p.read_bytes() for p in (packet / "data").rglob("*") if p.is_file()}
    lines = (packet / bag.INFO).read_text("utf-8").splitlines()
    info = dict(line.split(": ", 1) for line in lines if not line.startswith("Payload-Oxum"))
    for name, content in bag.bag(data, info).items():
        (packet / name).write_bytes(content)


def document(packet: Path, name: str, change: Callable[[Any], Any]) -> None:
    """Changes a JSON file in place and seals the packet again."""
    path = packet / "data" / name
    value = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(change(value) or value), "utf-8")
    reseal(packet)


def lines(packet: Path, name: str, change: Callable[[list[Any]], Any]) -> None:
    """Changes the records of a JSONL file and seals the packet again."""
    path = packet / "data" / name
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    rows = change(rows) or rows
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    reseal(packet)


def problems(packet: Path) -> list[str]:
    """`area: detail` of every check that failed."""
    return [f"{check.name}: {check.detail}" for check in verify_packet(packet).checks if not check.ok]
