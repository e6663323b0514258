"""The header of a model on the Hub: fetched by ranges once, then kept by commit and file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from weighbridge.domain.model.files import WeightsFile
from weighbridge.domain.model.gguf import read_header
from weighbridge.domain.model.gguf_cursor import ReadAt
from weighbridge.domain.model.gguf_types import GgufHeader
from weighbridge.domain.model.hub import HubRepo
from weighbridge.domain.problems import BadInput, OutsideFailed
from weighbridge.domain.text import clean_line
from weighbridge.services.atomic import write_atomic
from weighbridge.services.hub.files.fetch import file_url, shown
from weighbridge.services.hub.files.places import make_folder, place
from weighbridge.services.hub.files.ranges import RangeReader


class FetchedHeader(NamedTuple):
    """`raw`: the file's first bytes, up to the end of its tables. `fetched_bytes`: 0 where they were kept."""

    header: GgufHeader
    raw: bytes
    fetched_bytes: int


def fetch_header(
    home: Path,
    endpoint: str,
    repo: HubRepo,
    file: WeightsFile,
    cancelled: Callable[[], bool],
    limit_s: float | None = None,
) -> FetchedHeader:
    """The header of a model file; of a model in shards the first one's, which the strict reader refuses.

    Kept by the server that sent it. `limit_s`: see RangeReader. HubProblem, BadInput where it is no sound model, or
    Cancelled.
    """
    if (known := kept_header(home, endpoint, repo, file)) is not None:
        return known
    first = file.parts[0]
    url, about = file_url(repo, first.path, endpoint), shown(repo, first.path)
    reader = RangeReader(url, about, first.size_bytes, cancelled, limit_s=limit_s)
    try:
        header = read_header(reader.read_at, reader.size)
        raw = reader.read_at(0, header.data_offset)
    except BadInput as error:
        raise BadInput(f"{clean_line(first.path, 120)}: {error}", error.hint) from None
    root = _root(home, endpoint)
    kept = place(root, repo.repo, repo.revision, first.path)
    with suppress(OutsideFailed):  # a full disk only means that it is fetched again
        make_folder(root, kept.parent)
        write_atomic(_with_size(kept, reader.size), raw)
    return FetchedHeader(header, raw, reader.fetched_bytes)


def kept_header(home: Path, endpoint: str, repo: HubRepo, file: WeightsFile) -> FetchedHeader | None:
    """The header of a model file as it was read before; None where it was not. Nothing is fetched."""
    first = file.parts[0]
    return _kept(place(_root(home, endpoint), repo.repo, repo.revision, first.path), first.size_bytes)


def forget_header(home: Path, endpoint: str, repo: HubRepo, file: WeightsFile) -> None:
    """Takes the kept header of a model file away, where there is one."""
    kept = _of_any_size(place(_root(home, endpoint), repo.repo, repo.revision, file.parts[0].path))
    if kept is not None:
        with suppress(OSError):
            kept.unlink()


def _root(home: Path, endpoint: str) -> Path:
    return home / "hub" / "headers" / hashlib.sha256(endpoint.encode()).hexdigest()[:16]


def _kept(place: Path, size: int | None) -> FetchedHeader | None:
    """A kept header; its name ends with the whole file's size, which the tables are checked against."""
    found = _with_size(place, size) if size is not None else _of_any_size(place)
    if found is None:
        return None
    with suppress(OSError, BadInput, ValueError):
        raw = found.read_bytes()
        header = read_header(_padded(raw), int(found.suffix[1:]))
        return FetchedHeader(header, raw, 0) if header.data_offset == len(raw) else None
    return None


def _padded(raw: bytes) -> ReadAt:
    """Reads `raw` as the beginning of a longer file: the reader asks for blocks, beyond what it needs."""
    return lambda offset, count: raw[offset : offset + count].ljust(count, b"\0")


def _with_size(place: Path, size: int) -> Path:
    return place.with_name(f"{place.name}.{size}")


def _of_any_size(place: Path) -> Path | None:
    with suppress(OSError):
        for path in place.parent.iterdir():
            if path.stem == place.name and path.suffix[1:].isdecimal():
                return path
    return None
