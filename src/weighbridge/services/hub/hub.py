"""The Hub as the session uses it: every call blocks (run it in a thread) and ends within its time limits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from weighbridge.domain.model.files import WeightsFile
from weighbridge.domain.model.gguf_types import GgufHeader
from weighbridge.domain.model.hub import CardText, HubFile, HubRepo, Query, SearchRow

Progress = Callable[[int, int], None]
"""Bytes done, bytes in all."""


class FetchedHeader(NamedTuple):
    """`raw`: the file's first bytes, up to the end of its tables. `fetched_bytes`: 0 where they were kept."""

    header: GgufHeader
    raw: bytes
    fetched_bytes: int


class Hub:
    """One Hub, or a server that speaks its protocol. `home`: the data folder, where answers and models are kept.

    Every method raises HubProblem; the kinds tell what went wrong. Nothing is fetched before a method is called.
    """

    def __init__(self, home: Path, endpoint: str | None = None) -> None:
        self.home = home
        self.endpoint = endpoint

    def search(self, query: Query) -> tuple[SearchRow, ...]:
        """Repositories with GGUF files, best first."""
        raise NotImplementedError

    def repository(self, repo: str, revision: str = "") -> HubRepo:
        """One repository at one commit; kept, so that it can be shown again without network."""
        raise NotImplementedError

    def card(self, repo: HubRepo) -> CardText:
        """README.md at that commit; a repository without one gives a CardText with its `gap`."""
        raise NotImplementedError

    def header(self, repo: HubRepo, file: WeightsFile) -> FetchedHeader:
        """The GGUF header of a model file, by HTTP ranges. BadInput where it is no sound model."""
        raise NotImplementedError

    def local_copy(self, repo: HubRepo, file: HubFile, cancelled: Callable[[], bool]) -> Path | None:
        """An intact copy that is here already: our own, or one in the Hub client's cache. Checked by its digest."""
        raise NotImplementedError

    def download(self, repo: HubRepo, file: HubFile, progress: Progress | None, cancelled: Callable[[], bool]) -> Path:
        """The whole file, its digest checked, in our models folder. Raises Cancelled, OutsideFailed for the disk."""
        raise NotImplementedError
