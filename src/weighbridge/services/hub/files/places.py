"""Where a file of the Hub lies below our data folder. Names come from outside and can never lead out of it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from weighbridge.domain.model.files import is_plain_name
from weighbridge.domain.model.forecast import DISK_MARGIN_BYTES
from weighbridge.domain.problems import HubProblem, OutsideFailed
from weighbridge.domain.text import clean_line
from weighbridge.services.atomic import disk_problem

_REVISION = re.compile(r"[0-9a-f]{40,64}")


def models(home: Path) -> Path:
    return home / "models"


def place(root: Path, repo: str, revision: str, path: str) -> Path:
    """`root/<org>--<name>/<revision>/<path>`. HubProblem for a name that could mean another place.

    Only names of .gguf files have a place: nothing else is kept as a model.
    """
    if not path.lower().endswith(".gguf"):
        raise HubProblem("bad_name", f"{clean_line(path, 120)} is no .gguf file", "only .gguf files are fetched")
    if not _REVISION.fullmatch(revision):
        raise HubProblem("bad_revision", f"{clean_line(revision, 80)} is no commit", "ask for the repository again")
    parts = [repo.replace("/", "--", 1), revision, *path.split("/")]
    for part in parts:
        if not is_plain_name(part):
            raise HubProblem(
                "bad_name",
                f"the Hub lists a file whose name is not safe on a disk: {clean_line(f'{repo}/{path}', 160)}",
                "download it by other means and give its path",
            )
    return root.joinpath(*parts)


def make_folder(root: Path, folder: Path) -> None:
    """Makes a folder below `root`. OutsideFailed where it cannot be, or where a link leads out of `root`."""
    try:
        inside = folder.resolve().is_relative_to(root.resolve())
        if inside:
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_problem(folder, error) from error
    if not inside:
        raise OutsideFailed(f"{folder} leads out of {root} by a link.", "Remove the link and try again.")


def require_space(folder: Path, needed: int, about: str) -> None:
    """OutsideFailed, with the figures, where the disk of a folder cannot hold `needed` more bytes."""
    try:
        free = max(0, shutil.disk_usage(folder).free - DISK_MARGIN_BYTES)
    except OSError as error:
        raise disk_problem(folder, error) from error
    if free < needed:
        raise OutsideFailed(
            f"{about} needs {needed / 2**20:,.0f} MiB more, and {free / 2**20:,.0f} MiB are free for it in {folder}"
            f" beside the {DISK_MARGIN_BYTES >> 20} MiB that stay free.",
            "Free some space and try again, or choose another disk with WEIGHBRIDGE_HOME.",
        )
