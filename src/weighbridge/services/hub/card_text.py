"""README.md of a repository at one commit: small enough to read, or a gap that says why there is none."""

from __future__ import annotations

import hashlib

from weighbridge.domain.model.hub import CardText, HubFile, HubRepo
from weighbridge.domain.problems import HubProblem
from weighbridge.services.hub.client import HubClient
from weighbridge.services.hub.problems import nonsense

README = "README.md"
MOST_BYTES = 16 << 20


def fetch(client: HubClient, repo: HubRepo, now: str) -> CardText:
    """The card as it stands in the repository; bytes that are no UTF-8 become U+FFFD. HubProblem."""
    listed = next((file for file in repo.files if file.path == README), None)
    if listed is None and repo.files:
        return _gap(repo, "the repository has no README.md at this revision")
    if listed and (listed.size_bytes or 0) > MOST_BYTES:
        return _gap(repo, _too_long(listed.size_bytes), listed.size_bytes)
    about = f"the model card of {repo.repo}"
    try:
        raw = client.read(about, repo.repo, repo.revision, README, MOST_BYTES)
    except HubProblem as problem:
        if problem.kind == "no_file":
            return _gap(repo, "the repository has no README.md at this revision")
        if problem.kind in ("gated", "private"):
            return _gap(repo, f"{problem}: {problem.hint}")
        raise
    if not isinstance(raw, bytes):
        return _gap(repo, _too_long(raw.size), raw.size)
    digest = hashlib.sha256(raw).hexdigest()
    _check(about, raw, digest, listed)
    return CardText(
        repo=repo.repo,
        revision=repo.revision,
        text=raw.decode("utf-8", "replace"),
        sha256=digest,
        size_bytes=len(raw),
        fetched_at=now,
    )


def _check(about: str, raw: bytes, digest: str, listed: HubFile | None) -> None:
    """A login page in between, say, is not taken for the card."""
    if listed and listed.size_bytes is not None and listed.size_bytes != len(raw):
        raise nonsense(about, f"sends {len(raw):,} bytes where the Hub declares {listed.size_bytes:,}")
    if listed and listed.sha256 and listed.sha256 != digest:
        raise HubProblem("digest", f"{about}: what came is not what the Hub declares", "try again later")


def _too_long(size: int | None) -> str:
    has = f"has {size / 1e6:,.1f} MB" if size is not None else f"has more than {MOST_BYTES >> 20} MiB"
    return f"README.md {has}; a card of more than {MOST_BYTES >> 20} MiB is not read"


def _gap(repo: HubRepo, why: str, size: int | None = None) -> CardText:
    return CardText(repo=repo.repo, revision=repo.revision, gap=why, size_bytes=size)
