"""Intact copies of a Hub file that are on this machine: our own, and those of the Hub's client."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from weighbridge.domain.model.hub import HubFile, HubRepo
from weighbridge.domain.problems import BadInput, OutsideFailed
from weighbridge.services import digests
from weighbridge.services.atomic import write_atomic
from weighbridge.services.hub.client import prepare
from weighbridge.services.hub.files.places import models, place


class Downloaded(NamedTuple):
    """`sha256`: measured. `compared`: False where the Hub declares no digest, so that nothing vouches for the file."""

    path: Path
    sha256: str
    compared: bool


def local_copy(home: Path, repo: HubRepo, file: HubFile, cancelled: Callable[[], bool]) -> Downloaded | None:
    """An intact copy, checked by the Hub's digest; where it declares none, our own as it was when it was fetched.

    None where there is none. Raises HubProblem for an unsafe name, and Cancelled.
    """
    own = place(models(home), repo.repo, repo.revision, file.path)
    if sha256 := finished(own, file, cancelled):
        return Downloaded(own, sha256, bool(file.sha256))
    kept = _in_client_cache(repo, file) if file.sha256 else None
    if kept is None or not is_intact(kept, file, cancelled):
        return None
    return Downloaded(kept, file.sha256, compared=True)


def finished(own: Path, file: HubFile, cancelled: Callable[[], bool]) -> str:
    """The digest of a file that was downloaded before and is still as it was; empty text where there is none."""
    wanted = file.sha256 or _noted(own)
    return wanted if wanted and is_intact(own, file.model_copy(update={"sha256": wanted}), cancelled) else ""


def is_intact(path: Path, file: HubFile, cancelled: Callable[[], bool]) -> bool:
    """Whether a regular file has the declared size and digest. Raises Cancelled."""
    try:
        status = os.stat(path)
        if file.size_bytes is not None and status.st_size != file.size_bytes:
            return False
        return digests.sha256_of(path, None, cancelled) == file.sha256
    except (OSError, BadInput, OutsideFailed):
        return False


def note(own: Path, sha256: str, declared: bool) -> None:
    """Remembers the digest of a file that was just fetched; on the disk where the Hub declares none."""
    with suppress(OSError):
        digests.remember(own, sha256)
    if not declared:
        write_atomic(_note_path(own), f"{sha256}  {own.name}\n".encode())


def _noted(own: Path) -> str:
    try:
        return _note_path(own).read_text(encoding="ascii")[:64]
    except (OSError, ValueError):
        return ""


def _note_path(own: Path) -> Path:
    return own.with_name(f"{own.name}.sha256")


def _in_client_cache(repo: HubRepo, file: HubFile) -> Path | None:
    """The copy in HF_HUB_CACHE (or below HF_HOME), if the Hub's client has one of that commit."""
    prepare()
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = try_to_load_from_cache(repo.repo, file.path, revision=repo.revision)
    except (HFValidationError, ValueError, OSError):
        return None
    return Path(found) if isinstance(found, str) else None
