"""The files of a packet as they lie on the disk: nothing is followed, opened or trusted yet."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path

MAX_FILES = 200_000
MAX_FILE_BYTES = 2**30
MAX_TEXT_BYTES = 64 * 2**20
"""Largest file that is read as text; a larger one is only hashed."""


@dataclass
class Inventory:
    """Regular files by name (with slashes, relative to `root`) and size; `problems` names everything else."""

    root: Path
    sizes: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def text(self, name: str) -> str:
        """A file as text. ValueError with a sentence where it is too large or not UTF-8; OSError if unreadable."""
        if self.sizes[name] > MAX_TEXT_BYTES:
            raise ValueError(f"{name} has {self.sizes[name]:,} bytes: too large to be read as text")
        with self._open(name) as file:
            data = file.read(MAX_TEXT_BYTES + 1)
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise ValueError(f"{name}, line {line}: not UTF-8 text") from None

    def sha256(self, name: str) -> str:
        """Digest of a file, read in pieces."""
        with self._open(name) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def _open(self, name: str) -> BufferedReader:
        """OSError names the file as the packet does, and the reason."""
        try:
            return (self.root / name).open("rb")
        except OSError as error:
            raise OSError(f"{name} cannot be read: {error.strerror}") from None


def take_inventory(root: Path) -> Inventory:
    """Walks the folder without following links, up to `MAX_FILES` files."""
    found = Inventory(root)
    for entry in _walk(root, found.problems):
        name = Path(entry.path).relative_to(root).as_posix()
        if len(found.sizes) >= MAX_FILES:
            found.problems.append(f"more than {MAX_FILES:,} files: the rest was not looked at")
            break
        _note(entry, name, found)
    return found


def _walk(root: Path, problems: list[str]) -> Iterator[os.DirEntry[str]]:
    """Everything below `root` that is not a folder."""
    waiting = [str(root)]
    while waiting:
        folder = waiting.pop()
        try:
            entries = os.scandir(folder)
        except OSError as error:
            problems.append(f"{Path(folder).relative_to(root).as_posix()} cannot be listed: {error.strerror}")
            continue
        with entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    yield entry


def _note(entry: os.DirEntry[str], name: str, found: Inventory) -> None:
    if entry.is_symlink():
        found.problems.append(f"{name} is a link; a packet holds its files itself")
        return
    status = entry.stat(follow_symlinks=False)
    if not stat.S_ISREG(status.st_mode):
        found.problems.append(f"{name} is not a regular file")
        return
    if not _is_utf8(name):
        found.problems.append(f"{os.fsencode(name)!r}: the name is not UTF-8")
        return
    found.sizes[name] = status.st_size
    if status.st_size > MAX_FILE_BYTES:
        found.problems.append(f"{name} has {status.st_size:,} bytes, more than {MAX_FILE_BYTES:,}: not checked")


def _is_utf8(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
