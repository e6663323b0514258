"""SHA-256 of model files, remembered: a file of many GB is read once a process, whoever asks for its digest."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from weighbridge.services.model_file import sha256_file

_Key = tuple[str, int, int]
_KNOWN: dict[_Key, str] = {}
"""By path, size and time of change."""


def _key(path: Path) -> _Key:
    status = os.stat(path)
    return str(path), status.st_size, status.st_mtime_ns


def sha256_of(path: Path, progress: Callable[[int, int], None] | None, cancelled: Callable[[], bool]) -> str:
    """The digest of a file, read again only where size or time of change differ. OSError, and like `sha256_file`."""
    key = _key(path)
    if key not in _KNOWN:
        _KNOWN[key] = sha256_file(path, progress, cancelled)
    return _KNOWN[key]


def remember(path: Path, sha256: str) -> None:
    """For whoever has just written the file and hashed its bytes on the way. OSError where the file is gone."""
    _KNOWN[_key(path)] = sha256
