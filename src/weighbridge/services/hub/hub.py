"""The Hub as the session uses it: every call blocks (run it in a thread) and ends within its time limits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from weighbridge.domain.model.files import WeightsFile
from weighbridge.domain.model.hub import CardText, HubFile, HubRepo, Query, SearchRow
from weighbridge.services.hub.fetch import Downloaded, fetch
from weighbridge.services.hub.header import FetchedHeader, fetch_header
from weighbridge.services.hub.local_copy import local_copy

__all__ = ["Downloaded", "FetchedHeader", "Hub", "Progress"]

Progress = Callable[[int, int], None]
"""Bytes done, bytes in all."""


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

    def header(self, repo: HubRepo, file: WeightsFile, cancelled: Callable[[], bool] = lambda: False) -> FetchedHeader:
        """The GGUF header of a model file, by HTTP ranges. BadInput where it is no sound model."""
        return fetch_header(self.home, self.endpoint, repo, file, cancelled)

    def local_copy(self, repo: HubRepo, file: HubFile, cancelled: Callable[[], bool]) -> Path | None:
        """An intact copy that is here already: our own, or one in the Hub client's cache. Checked by its digest.

        None also where the Hub declares no digest: `download` then says at once if it fetched the file before.
        """
        return local_copy(self.home, repo, file, cancelled)

    def download(
        self, repo: HubRepo, file: HubFile, progress: Progress | None, cancelled: Callable[[], bool]
    ) -> Downloaded:
        """The whole file, its digest checked, in our models folder. Raises Cancelled, OutsideFailed for the disk."""
        return fetch(self.home, self.endpoint, repo, file, progress, cancelled)
