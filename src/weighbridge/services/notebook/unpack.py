"""Unpacks the archive of a packet, as a notebook offers it."""

from __future__ import annotations

import io
import re
from pathlib import Path

from weighbridge.domain.problems import BadInput
from weighbridge.services import strange_zip
from weighbridge.services.atomic import disk_problem
from weighbridge.services.packet_io.bag import BAGIT

_NAME = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9._-]{0,100}/){0,6}[A-Za-z0-9][A-Za-z0-9._-]{0,150}")
"""No name leads out of the folder, begins with a dot, or means something to a system."""
WAY_OUT = "Take weighbridge-packet.zip as the notebook's cell 6 offered it, or the notebook as it ran."
MAX_BYTES = 1 << 30
_PACKET = strange_zip.Expected("packet", _NAME, 5_000, MAX_BYTES, WAY_OUT)


def unpack(packed: bytes, into: Path, name: str) -> Path:
    """The packet's folder below `into`. `name`: what to call the archive.

    BadInput where it is no archive of a packet: it is refused as a whole. OutsideFailed where the disk fails.
    """
    try:
        strange_zip.unpack(io.BytesIO(packed), into, name, _PACKET)
    except OSError as error:
        raise disk_problem(into, error) from error
    found = [into, *(path for path in sorted(into.iterdir()) if path.is_dir())]
    packet = next((folder for folder in found if (folder / BAGIT).is_file()), None)
    if packet is None:
        raise BadInput(f"{name} holds no packet: there is no {BAGIT} in it.", WAY_OUT)
    return packet
