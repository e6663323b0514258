"""Files that are either whole or absent, and what a full or read-only disk is called."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from weighbridge.domain.problems import OutsideFailed, Problem
from weighbridge.domain.text import clean_line

_HINTS = {
    errno.ENOSPC: ("there is no space left", "Free some space and try again; nothing was lost."),
    errno.EDQUOT: ("the disk quota is used up", "Free some space and try again; nothing was lost."),
    errno.EROFS: ("the file system is read-only", ""),
    errno.EACCES: ("writing is not permitted", ""),
    errno.EPERM: ("writing is not permitted", ""),
    errno.ENOTDIR: ("a part of the path is a file", ""),
}


_ELSEWHERE = "Choose another folder, for example with WEIGHBRIDGE_HOME."


def disk_problem(path: Path, error: OSError, elsewhere: str = _ELSEWHERE) -> Problem:
    """The one sentence for a failed write. `elsewhere`: how the person names another place for this file."""
    name = str(path)
    what, hint = _HINTS.get(error.errno or 0, (clean_line(error.strerror or str(error)), "Check the folder."))
    return OutsideFailed(f"{name} cannot be written: {what}.", hint or elsewhere)


def write_atomic(path: Path, data: bytes) -> None:
    """Writes beside the target, flushes to the disk, renames. OutsideFailed leaves the old file as it was."""
    temporary = ""
    try:
        fd, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(fd, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)
        raise disk_problem(path, error) from error
