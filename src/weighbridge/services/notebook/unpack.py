"""Unpacks the archive of a packet. It is a stranger's: only plain files below one folder, only so many bytes."""

from __future__ import annotations

import io
import re
import stat
import zipfile
import zlib
from pathlib import Path

from weighbridge.domain.problems import BadInput
from weighbridge.domain.text import clean_line
from weighbridge.services.atomic import disk_problem
from weighbridge.services.packet_io.bag import BAGIT

MAX_FILES, MAX_BYTES = 5_000, 1 << 30
MAX_RATIO, RATIO_FROM = 200, 16 << 20
"""Text packs to a tenth or so. An entry that grows by more, and is not small, is made to fill disks."""
_NAME = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9._-]{0,100}/){0,6}[A-Za-z0-9][A-Za-z0-9._-]{0,150}")
"""No name leads out of the folder, begins with a dot, or means something to a system."""
WAY_OUT = "Take weighbridge-packet.zip as the notebook's cell 6 offered it, or the notebook as it ran."


def unpack(packed: bytes, into: Path, name: str) -> Path:
    """The packet's folder below `into`. `name`: what to call the archive.

    BadInput where it is no archive of a packet: it is refused as a whole. OutsideFailed where the disk fails.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.orig_filename.endswith("/")]
            _require_sound(entries, name)
            for entry in entries:
                _write(archive, entry, into / entry.filename, name)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError, zlib.error):
        raise BadInput(f"{name} is not a zip archive, or it is damaged.", WAY_OUT) from None
    except OSError as error:
        raise disk_problem(into, error) from error
    found = [into, *(path for path in sorted(into.iterdir()) if path.is_dir())]
    packet = next((folder for folder in found if (folder / BAGIT).is_file()), None)
    if packet is None:
        raise BadInput(f"{name} holds no packet: there is no {BAGIT} in it.", WAY_OUT)
    return packet


def _require_sound(entries: list[zipfile.ZipInfo], name: str) -> None:
    """BadInput names the first entry that may not be unpacked."""
    if len(entries) > MAX_FILES:
        raise BadInput(f"{name} holds {len(entries):,} files: that is no packet.", WAY_OUT)
    seen: set[str] = set()
    for entry in entries:
        if why := _wrong(entry, seen):
            raise BadInput(f"{name} was refused: {clean_line(entry.filename, 80)!r} {why}.", WAY_OUT)
        seen.add(entry.filename.casefold())
    if sum(entry.file_size for entry in entries) > MAX_BYTES:
        raise BadInput(f"{name} would take more than {MAX_BYTES >> 30} GiB.", WAY_OUT)


def _wrong(entry: zipfile.ZipInfo, seen: set[str]) -> str:
    """What is wrong with an entry; empty where nothing is. zipfile's own reading of a name is not relied on."""
    if entry.orig_filename != entry.filename or not _NAME.fullmatch(entry.filename):
        return "has no place in a packet"
    if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
        return "is not a plain file"
    if entry.filename.casefold() in seen:
        return "is there twice"
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "is packed as no packet is"
    if entry.flag_bits & 0x1:
        return "is encrypted"
    if entry.file_size > RATIO_FROM and entry.file_size > MAX_RATIO * max(1, entry.compress_size):
        return "grows out of all measure when it is unpacked"
    return ""


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, name: str) -> None:
    """Unpacks one entry, never more than its header says: that is what was counted."""
    path.parent.mkdir(parents=True, exist_ok=True)
    done = 0
    with archive.open(entry) as packed, path.open("xb") as file:
        while block := packed.read(1 << 20):
            done += len(block)
            if done > entry.file_size:
                raise BadInput(f"{name} was refused: {clean_line(entry.filename, 80)} is larger than it says.", WAY_OUT)
            file.write(block)
