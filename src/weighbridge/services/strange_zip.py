"""Unpacks a zip archive of a stranger: only plain files of expected names, only so many, only so many bytes."""

from __future__ import annotations

import errno
import re
import stat
import zipfile
import zlib
from pathlib import Path
from typing import IO, NamedTuple

from weighbridge.domain.problems import BadInput
from weighbridge.domain.text import clean_line

MAX_RATIO, RATIO_FROM = 200, 16 << 20
"""Text packs to a tenth or so. An entry that grows by more, and is not small, is made to fill disks."""
_DAMAGED = (zipfile.BadZipFile, EOFError, NotImplementedError, OverflowError, RuntimeError, ValueError, zlib.error)
_MISLED = (errno.EINVAL, errno.EEXIST, errno.ENOTDIR, errno.EISDIR)
"""What a system says to a place in a file that cannot be, and to a file below another file: no disk is to blame."""


class Expected(NamedTuple):
    """`what`: is to be in the archive, "run" or "packet". `names`: what an entry may be called, whole."""

    what: str
    names: re.Pattern[str]
    most_files: int
    most_bytes: int
    way_out: str


def unpack(source: Path | IO[bytes], into: Path, name: str, expected: Expected) -> None:
    """Unpacks every entry below `into`, a folder without files. `name`: what to call the archive.

    BadInput: it is damaged, or one entry may not be unpacked; nothing is then written but entries before a damage.
    OSError where the disk fails.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            entries = [entry for entry in archive.infolist() if not entry.orig_filename.endswith("/")]
            _require_sound(entries, name, expected)
            for entry in entries:
                _write(archive, entry, into / entry.filename, name, expected)
    except (*_DAMAGED, OSError) as error:
        if isinstance(error, OSError) and error.errno not in _MISLED:
            raise
        raise BadInput(f"{name} is not a zip archive, or it is damaged.", expected.way_out) from None


def _require_sound(entries: list[zipfile.ZipInfo], name: str, expected: Expected) -> None:
    """BadInput names the first entry that may not be unpacked."""
    if len(entries) > expected.most_files:
        raise BadInput(f"{name} holds {len(entries):,} files: that is no {expected.what}.", expected.way_out)
    seen: set[str] = set()
    for entry in entries:
        if why := _wrong(entry, seen, expected):
            raise BadInput(f"{name} was refused: {clean_line(entry.filename, 80)!r} {why}.", expected.way_out)
        seen.add(entry.filename.casefold())
    if sum(entry.file_size for entry in entries) > expected.most_bytes:
        raise BadInput(f"{name} would take more than {expected.most_bytes >> 30} GiB.", expected.way_out)


def _wrong(entry: zipfile.ZipInfo, seen: set[str], expected: Expected) -> str:
    """What is wrong with an entry; empty where nothing is. zipfile's own reading of a name is not relied on."""
    if entry.orig_filename != entry.filename or not expected.names.fullmatch(entry.filename):
        return f"has no place in a {expected.what}"
    if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
        return "is not a plain file"
    if entry.filename.casefold() in seen:
        return "is there twice"
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return f"is packed as no {expected.what} is"
    if entry.flag_bits & 0x1:
        return "is encrypted"
    if entry.file_size > RATIO_FROM and entry.file_size > MAX_RATIO * max(1, entry.compress_size):
        return "grows out of all measure when it is unpacked"
    return ""


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, name: str, expected: Expected) -> None:
    """Unpacks one entry, never more than its header says: that is what was counted."""
    path.parent.mkdir(parents=True, exist_ok=True)
    done = 0
    with archive.open(entry) as packed, path.open("xb") as file:
        while block := packed.read(1 << 20):
            done += len(block)
            if done > entry.file_size:
                told = f"{name} was refused: {clean_line(entry.filename, 80)} is larger than it says."
                raise BadInput(told, expected.way_out)
            file.write(block)
