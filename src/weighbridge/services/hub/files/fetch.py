"""From a file of the Hub to a path on this machine: its place, its lock, its download, its name."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from weighbridge.domain.model.hub import HubFile, HubRepo
from weighbridge.domain.text import clean_line
from weighbridge.services.hub.files.download import Download, Source, Ticker, turn
from weighbridge.services.hub.files.local_copy import Downloaded, finished, note
from weighbridge.services.hub.files.part_file import PartFile
from weighbridge.services.hub.files.places import make_folder, models, place
from weighbridge.services.hub.files.retry import WAITS_S
from weighbridge.services.hub.problems import nonsense

_SHA256 = re.compile(r"[0-9a-f]{64}")


def lock_place(home: Path, part: Path) -> Path:
    """A place for the lock of a part, away from the models: it stays when they are here. OutsideFailed."""
    folder = home / "hub" / "locks"
    make_folder(home, folder)
    return folder / f"{hashlib.sha256(str(part.relative_to(home)).encode()).hexdigest()[:32]}.lock"


def file_url(repo: HubRepo, path: str, endpoint: str) -> str:
    """Address of a file at the pinned commit."""
    from huggingface_hub import hf_hub_url

    return hf_hub_url(repo.repo, path, revision=repo.revision, endpoint=endpoint)


def shown(repo: HubRepo, path: str) -> str:
    """A file as a person reads it."""
    return clean_line(f"{repo.repo}: {path}", 160)


def part_place(target: Path, revision: str, file: HubFile) -> Path:
    """Where the unfinished file of a target lies: its name tells which whole file it belongs to."""
    return target.with_name(f"{target.name}.{(file.sha256 or revision)[:12]}.part")


def part_bytes(home: Path, repo: str, revision: str, file: HubFile) -> int:
    """How much of a file an earlier attempt left; 0 where there is nothing. HubProblem for a name that is not safe."""
    try:
        return part_place(place(models(home), repo, revision, file.path), revision, file).stat().st_size
    except OSError:
        return 0


def fetch(
    home: Path,
    endpoint: str,
    repo: HubRepo,
    file: HubFile,
    progress: Callable[[int, int], None] | None,
    cancelled: Callable[[], bool],
    waits: Sequence[float] = WAITS_S,
) -> Downloaded:
    """The whole file in our models folder, its digest checked before it gets its name.

    `progress(done, total)` in bytes, at most ten times a second; what an earlier attempt left counts from the start,
    also while it is read. Raises HubProblem, OutsideFailed for the disk, or Cancelled (within 0.3 s of the wish).
    """
    if file.sha256 and not _SHA256.fullmatch(file.sha256):
        raise nonsense(shown(repo, file.path), "declares a digest that is none")
    root = models(home)
    target = place(root, repo.repo, repo.revision, file.path)
    make_folder(root, target.parent)
    part_path = part_place(target, repo.revision, file)
    source = Source(file_url(repo, file.path, endpoint), shown(repo, file.path), file.size_bytes, file.sha256)
    tick = Ticker(progress)
    with turn(lock_place(home, part_path), part_path, source, tick, cancelled):
        if sha256 := finished(target, file, cancelled):
            return Downloaded(target, sha256, bool(file.sha256))
        with PartFile(part_path) as part:
            Download(source, part, tick, cancelled, waits).run()
            part.finish(target)
        note(target, part.sha256, bool(file.sha256))
        return Downloaded(target, part.sha256, bool(file.sha256))
