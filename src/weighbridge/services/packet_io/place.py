"""Puts a folder of files where it belongs in one step: a killed save leaves nothing, or the whole folder.

The files are written to a hidden folder beside the target, each is flushed to the disk, then the folder is renamed.
What a killed save leaves behind is removed by the next save to the same place.
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
import secrets
import shutil
from collections.abc import Callable, Mapping
from itertools import chain, count
from pathlib import Path

import psutil

from weighbridge.domain.problems import BadInput
from weighbridge.domain.text import clean_line
from weighbridge.services.atomic import disk_problem

PREFIX = ".weighbridge-"
_OWN = re.compile(r"\.weighbridge-(\d{1,10})-[0-9a-f]{8}(-old)?")
_ELSEWHERE = "Name another folder for the packet."
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


def place(target: Path, files: Mapping[str, bytes], is_ours: Callable[[Path], bool]) -> None:
    """Writes `files` (paths relative to `target`) as the folder `target`.

    BadInput where the target exists and is neither an empty folder nor one that `is_ours`, which is replaced.
    OutsideFailed on a full or read-only disk; then nothing has changed.
    """
    if "\0" in str(target):
        raise BadInput("A path cannot hold a NUL character.", "Name another folder.")
    target = Path(os.path.abspath(target))
    temporary = target.parent / f"{PREFIX}{os.getpid()}-{secrets.token_hex(4)}"
    try:
        _check(target, is_ours)
        _make_parent(target.parent)
        _sweep(target.parent, old_too=False)
        _fill(temporary, files)
        _move(temporary, target)
        _sync(target.parent)
        _sweep(target.parent, old_too=True)
    except OSError as error:
        raise disk_problem(target, error, _ELSEWHERE) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def check_target(target: Path, is_ours: Callable[[Path], bool]) -> None:
    """What `place` would say of a target, before any work is done for it: a folder is made there and removed."""
    target = Path(os.path.abspath(target))
    try:
        _check(target, is_ours)
        parent = next(path for path in target.parents if path.exists())
        probe = parent / f"{PREFIX}{os.getpid()}-{secrets.token_hex(4)}"
        probe.mkdir()
        probe.rmdir()
    except OSError as error:
        raise disk_problem(target, error, _ELSEWHERE) from error


def free_name(target: Path) -> Path:
    """The target itself where nothing is there, else the first free one of `target-2`, `target-3`, ..."""
    names = (target.with_name(f"{target.name}-{number}") for number in count(2))
    return next(path for path in chain([target], names) if not path.exists())


def _check(target: Path, is_ours: Callable[[Path], bool]) -> None:
    name, hint = clean_line(str(target)), "Name a folder that does not exist yet."
    if target.is_symlink():
        raise BadInput(f"{name} is a link.", hint)
    if not target.exists():
        return
    if not target.is_dir():
        raise BadInput(f"{name} is a file, and a packet is a folder.", hint)
    if any(target.iterdir()) and not is_ours(target):
        raise BadInput(f"{name} exists already and is not just an earlier packet of this run.", hint)


def _make_parent(parent: Path) -> None:
    try:
        parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from None


def _fill(folder: Path, files: Mapping[str, bytes]) -> None:
    """Every file and every folder is on the disk before this returns."""
    folder.mkdir()
    folders = {folder}
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        folders.update(p for p in path.parents if p.is_relative_to(folder))
        with path.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    for each in sorted(folders, reverse=True):
        _sync(each)


def _sync(folder: Path) -> None:
    """Flushes a folder's list of names; a system that cannot open folders needs no flush."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _move(temporary: Path, target: Path) -> None:
    """To its place. An earlier packet is swapped out in one step where the system can, else in two renames."""
    if not target.exists() or not any(target.iterdir()):
        if target.exists():
            target.rmdir()
        os.rename(temporary, target)
    elif not _exchange(temporary, target):
        old = temporary.with_name(f"{temporary.name}-old")
        os.rename(target, old)
        try:
            os.rename(temporary, target)
        except OSError:
            os.rename(old, target)
            raise
        shutil.rmtree(old, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Swaps two folders in one step (Linux: renameat2); False where that cannot be done."""
    try:
        swap = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError, TypeError):
        return False
    paths = os.fsencode(one), os.fsencode(other)
    return bool(swap(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], _RENAME_EXCHANGE) == 0)


def _sweep(parent: Path, old_too: bool) -> None:
    """Removes what killed saves of this user left. `-old`: an earlier packet, kept until a newer one stands."""
    for path in parent.iterdir():
        found = _OWN.fullmatch(path.name)
        if not found or (found[2] and not old_too) or path.is_symlink() or not path.is_dir():
            continue
        mine = not hasattr(os, "geteuid") or path.stat().st_uid == os.geteuid()
        if mine and not psutil.pid_exists(int(found[1])):
            shutil.rmtree(path, ignore_errors=True)
