"""The Hub as the session uses it: every call blocks (run it in a thread) and ends within its time limits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from weighbridge.domain.model.files import WeightsFile
from weighbridge.domain.model.hub import CardText, HubFile, HubRepo, Query, SearchRow
from weighbridge.domain.problems import HubProblem
from weighbridge.domain.serving.sizing import ServingFacts
from weighbridge.services.hub import card_text, repository
from weighbridge.services.hub.cache import KeptAnswers
from weighbridge.services.hub.client import HubClient
from weighbridge.services.hub.files.fetch import fetch, part_bytes
from weighbridge.services.hub.files.header import FetchedHeader, fetch_header, forget_header, kept_header
from weighbridge.services.hub.files.local_copy import Downloaded, local_copy
from weighbridge.services.hub.search import search
from weighbridge.services.hub.serving import serving_facts
from weighbridge.services.hub.surroundings import without_secrets

__all__ = ["Downloaded", "FetchedHeader", "Hub", "Progress"]

Progress = Callable[[int, int], None]
"""Bytes done, bytes in all."""
_NO_ANSWER = ("offline", "unreachable", "timeout")


def utc_now() -> str:
    """ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


class Hub:
    """One Hub, or a server that speaks its protocol. `home`: the data folder, where answers and models are kept.

    Every method raises HubProblem; the kinds tell what went wrong. Nothing is fetched before a method is called.
    """

    def __init__(
        self,
        home: Path,
        endpoint: str | None = None,
        timeout_s: float | None = None,
        now: Callable[[], str] = utc_now,
    ) -> None:
        """`endpoint`: None reads HF_ENDPOINT at each call. `timeout_s`: see HubClient. `now`: the clock, ISO 8601."""
        self.home = home
        self.endpoint = endpoint
        self._client = HubClient(endpoint, timeout_s)
        self._now = now

    def search(self, query: Query) -> tuple[SearchRow, ...]:
        """Repositories with GGUF files, best first."""
        return search(self._client, query)

    def repository(self, repo: str, revision: str = "") -> HubRepo:
        """One repository at one commit; kept, so that it can be shown again without network.

        A commit that was asked before is not asked again. A branch is, and where the Hub cannot be reached, what it
        pointed to at the last visit is given, marked by `from_cache` and its date.
        """
        repository.check_name(repo)
        kept = KeptAnswers(self.home, without_secrets(self._client.endpoint))
        if (again := kept.repository(repo, revision)) and again.revision == revision:
            return again
        try:
            answer = repository.fetch(self._client, repo, revision, self._now())
        except HubProblem as problem:
            if again is None or problem.kind not in _NO_ANSWER:
                raise
            return again
        kept.keep_repository(answer)
        return answer

    def card(self, repo: HubRepo) -> CardText:
        """README.md at that commit; a repository without one gives a CardText with its `gap`."""
        kept = KeptAnswers(self.home, repo.endpoint)
        if again := kept.card(repo.repo, repo.revision):
            return again
        card = card_text.fetch(self._client, repo, self._now())
        if not card.gap:
            kept.keep_card(card)
        return card

    def serving(self, repo: HubRepo) -> ServingFacts:
        """What serving it takes, by its file list and config.json at that commit."""
        return serving_facts(self._client, repo)

    def header(self, repo: HubRepo, file: WeightsFile, cancelled: Callable[[], bool] = lambda: False) -> FetchedHeader:
        """The GGUF header of a model file, by HTTP ranges. BadInput where it is no sound model."""
        self._client.open()
        return fetch_header(self.home, self._client.endpoint, repo, file, cancelled, self._client.timeout_s)

    def kept_header(self, repo: HubRepo, file: WeightsFile) -> FetchedHeader | None:
        """The header of a model file as it was read by itself before; None where it was not."""
        return kept_header(self.home, self._client.endpoint, repo, file)

    def forget_header(self, repo: HubRepo, file: WeightsFile) -> None:
        """The kept header of a file turned out not to be its own."""
        forget_header(self.home, self._client.endpoint, repo, file)

    def local_copy(self, repo: HubRepo, file: HubFile, cancelled: Callable[[], bool]) -> Downloaded | None:
        """An intact copy that is here already: our own, or one in the Hub client's cache. Checked by its digest.

        Where the Hub declares none, our own is as good as the digest that was measured when it was fetched.
        """
        self._client.open()
        return local_copy(self.home, repo, file, cancelled)

    def download(
        self, repo: HubRepo, file: HubFile, progress: Progress | None, cancelled: Callable[[], bool]
    ) -> Downloaded:
        """The whole file, its digest checked, in our models folder. Raises Cancelled, OutsideFailed for the disk."""
        self._client.open()
        return fetch(self.home, self._client.endpoint, repo, file, progress, cancelled)

    def part_bytes(self, repo: str, revision: str, file: HubFile) -> int:
        """How much of a file an earlier download left: the next one goes on behind it."""
        return part_bytes(self.home, repo, revision, file)
