"""Answers of a Hub kept on this disk: repositories and cards by commit, and what a branch last pointed to.

`<home>/hub/<endpoint>/<repository>/{ref-<name>,<commit>,<commit>.card}.json`. Folders and files are named by digests,
so that no name from outside can lead anywhere else. A file that cannot be read is as good as none.
"""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from weighbridge.domain.base import Record
from weighbridge.domain.model.hub import CardText, HubRepo
from weighbridge.domain.problems import OutsideFailed
from weighbridge.services.atomic import write_atomic

_R = TypeVar("_R", bound=Record)
_MOST_BYTES = 128 << 20
_DEFAULT = "main"
"""What the Hub calls the default branch of every repository: with and without this name it is one branch."""
_COMMIT = re.compile(r"[0-9a-f]{40}")


class _Ref(Record):
    revision: str
    commit: str


class KeptAnswers:
    """What one endpoint answered. Keeping never fails: a full disk only means that there is nothing to come back to."""

    def __init__(self, home: Path, endpoint: str) -> None:
        self._folder = home / "hub" / _slug(endpoint)
        self._endpoint = endpoint

    def repository(self, repo: str, revision: str) -> HubRepo | None:
        """The kept answer for a branch, tag or commit, marked as kept; None where there is none."""
        commit = revision
        if not _COMMIT.fullmatch(revision):
            name = revision or _DEFAULT
            ref = self._read(repo, _ref(name), _Ref)
            if ref is None or ref.revision != name or not _COMMIT.fullmatch(ref.commit):
                return None
            commit = ref.commit
        kept = self._read(repo, f"{commit}.json", HubRepo)
        if kept is None or (kept.repo, kept.revision, kept.endpoint) != (repo, commit, self._endpoint):
            return None
        return kept.model_copy(update={"from_cache": True, "asked": revision})

    def keep_repository(self, answer: HubRepo) -> None:
        self._write(answer.repo, f"{answer.revision}.json", answer)
        name = answer.asked or _DEFAULT
        self._write(answer.repo, _ref(name), _Ref(revision=name, commit=answer.revision))

    def card(self, repo: str, commit: str) -> CardText | None:
        kept = self._read(repo, f"{commit}.card.json", CardText)
        return kept if kept is not None and (kept.repo, kept.revision) == (repo, commit) else None

    def keep_card(self, card: CardText) -> None:
        self._write(card.repo, f"{card.revision}.card.json", card)

    def _read(self, repo: str, name: str, kind: type[_R]) -> _R | None:
        path = self._folder / _slug(repo) / name
        try:
            if path.stat().st_size > _MOST_BYTES:
                return None
            return kind.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            return None

    def _write(self, repo: str, name: str, record: Record) -> None:
        folder = self._folder / _slug(repo)
        with suppress(OSError, OutsideFailed):
            folder.mkdir(parents=True, exist_ok=True)
            write_atomic(folder / name, record.model_dump_json().encode())


def _slug(text: str) -> str:
    """A name that a person can recognise and no other text shares."""
    return f"{re.sub('[^a-z0-9]+', '-', text.lower())[:60].strip('-')}-{_short(text)}"


def _ref(revision: str) -> str:
    return f"ref-{_short(revision)}.json"


def _short(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
