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
MAX_BYTES = 16 * 2**30
"""Of all files together: what is beyond it is named and not opened. Sparse files cost a forger nothing."""
MAX_TEXT_BYTES = 64 * 2**20
"""Largest file that is read as text; a larger one is only hashed."""


@dataclass
class Inventory:
    """Regular files by name (with slashes, relative to `root`) and size; `problems` names everything else.

    `unchecked`: files that are too large to be opened. A file that is read twice gives the same bytes or an OSError,
    so that what is checked is what was hashed.
    """

    root: Path
    sizes: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    unchecked: set[str] = field(default_factory=set)
    _digests: dict[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """A file as text. ValueError with a sentence where it is too large or not UTF-8; OSError if unreadable."""
        if self.sizes[name] > MAX_TEXT_BYTES:
            raise ValueError(f"{name} has {self.sizes[name]:,} bytes: too large to be read as text")
        with self._open(name) as file:
            data = file.read(MAX_TEXT_BYTES + 1)
        self._once(name, hashlib.sha256(data).hexdigest())
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise ValueError(f"{name}, line {line}: not UTF-8 text") from None

    def sha256(self, name: str) -> str:
        """Digest of a file, read in pieces, once. OSError where it is unreadable or too large."""
        if name not in self._digests:
            with self._open(name) as file:
                self._once(name, hashlib.file_digest(file, "sha256").hexdigest())
        return self._digests[name]

    def _once(self, name: str, digest: str) -> None:
        if self._digests.setdefault(name, digest) != digest:
            raise OSError(f"{name} has changed while the packet was read")

    def _open(self, name: str) -> BufferedReader:
        """OSError names the file as the packet does, and the reason."""
        if name in self.unchecked:
            raise OSError(f"{name} has {self.sizes[name]:,} bytes: too large to be checked")
        try:
            file = open(self.root / name, "rb", opener=_opener)  # noqa: SIM115
        except OSError as error:
            raise OSError(f"{name} cannot be read: {error.strerror}") from None
        held = os.fstat(file.fileno())
        if not stat.S_ISREG(held.st_mode) or held.st_size != self.sizes[name]:
            file.close()
            raise OSError(f"{name} has changed while the packet was read")
        return file


def _opener(path: str, flags: int) -> int:
    """Follows no link and waits for no pipe that took the file's place since it was listed."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))


def take_inventory(root: Path) -> Inventory:
    """Walks the folder without following links, up to `MAX_FILES` files."""
    found, total = Inventory(root), 0
    for entry in _walk(root, found.problems):
        name = Path(entry.path).relative_to(root).as_posix()
        if len(found.sizes) >= MAX_FILES:
            found.problems.append(f"more than {MAX_FILES:,} files: the rest was not looked at")
            break
        _note(entry, name, found)
        if name not in found.sizes or name in found.unchecked:
            continue
        total += found.sizes[name]
        if total > MAX_BYTES:
            found.unchecked.add(name)
            found.problems.append(f"{name}: the files have more than {MAX_BYTES:,} bytes in all: not checked")
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
        empty = True
        with entries:
            for entry in entries:
                empty = False
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    yield entry
        if empty and Path(folder) != root:
            problems.append(f"{Path(folder).relative_to(root).as_posix()}/ is an empty folder: a packet has none")


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
        found.unchecked.add(name)
        found.problems.append(f"{name} has {status.st_size:,} bytes, more than {MAX_FILE_BYTES:,}: not checked")


def _is_utf8(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
