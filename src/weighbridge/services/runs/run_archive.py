"""A run as one file: a zip archive that another machine can take in.

It holds run.json, events.jsonl, the requests of its load test, the engine's logs and the model card. Paths of this
machine, credentials and the lock stay out. An archive that comes in is a stranger's: only these names, only files, only
so many bytes, all of it read as what it claims to be before anything stands among the runs.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from weighbridge.domain.problems import BadInput
from weighbridge.domain.text import clean_line
from weighbridge.services import strange_zip
from weighbridge.services.atomic import disk_problem
from weighbridge.services.strange_zip import Expected

SUFFIX = ".zip"
MEMBERS = re.compile(r"run\.json|events\.jsonl|load\.jsonl|card\.json|logs/[A-Za-z0-9._-]{1,100}\.log")
"""Nothing else has a place in a run folder that travels. No name leads anywhere, or names a folder."""
MAX_MEMBERS, MAX_BYTES = 2_000, 1 << 30
NEW = ".new-"
_WAY_OUT = "`weighbridge runs export ID` makes such a file."
_EPOCH = (1980, 1, 1, 0, 0, 0)


def target(where: Path, run_id: str) -> Path:
    """The file that a run goes to: `where` itself if its name ends so and it is no folder, else a file in it."""
    if where.suffix.lower() == SUFFIX and not where.is_dir():
        return where
    return where / f"weighbridge-run-{run_id}{SUFFIX}"


def write_archive(target: Path, files: Mapping[str, bytes]) -> None:
    """Writes the archive, whole or not at all. BadInput where the file exists, OutsideFailed where the disk fails."""
    if os.path.lexists(target):
        raise BadInput(f"{clean_line(str(target))} exists already.", "Name another folder with -o, or remove it.")
    temporary = ""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        fd, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        with os.fdopen(fd, "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, data in files.items():
                    archive.writestr(zipfile.ZipInfo(name, _EPOCH), data, zipfile.ZIP_DEFLATED)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise disk_problem(target, error, "Name another folder with -o.") from error


def unpack(source: Path, runs: Path) -> Path:
    """Unpacks an archive into a hidden folder below `runs`, for the caller to look at, and to move or to remove.

    BadInput for anything that is no archive of a run: it is refused as a whole, and nothing is left of it.
    """
    name = clean_line(str(source), 120)
    if not source.is_file():
        raise BadInput(f"There is no file {name}.", _WAY_OUT)
    if source.stat().st_size > MAX_BYTES:
        raise BadInput(f"{name} is larger than {MAX_BYTES >> 30} GiB: that is no run.", _WAY_OUT)
    try:
        runs.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=NEW, dir=runs))
    except OSError as error:
        raise disk_problem(runs, error) from error
    try:
        strange_zip.unpack(source, folder, name, Expected("run", MEMBERS, MAX_MEMBERS, MAX_BYTES, _WAY_OUT))
        if not (folder / "run.json").is_file():
            raise BadInput(f"{name} is not an archive of a run: it holds no run.json.", _WAY_OUT)
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, OSError):
            raise disk_problem(folder, error) from error
        raise
    return folder


def discard(folder: Path) -> None:
    """Removes what `unpack` made."""
    shutil.rmtree(folder, ignore_errors=True)


def sweep(runs: Path, older_than: float) -> None:
    """Removes what killed imports left: folders that were last changed before that moment (seconds of the epoch)."""
    with suppress(OSError):
        for left in runs.glob(f"{NEW}*"):
            if left.is_dir() and not left.is_symlink() and left.stat().st_mtime < older_than:
                discard(left)
