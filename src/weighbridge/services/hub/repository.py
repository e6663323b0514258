"""One repository at one commit, in one bounded request where the server follows the Hub's protocol."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import quote

from weighbridge.domain.model.hub import HubFile, HubRepo
from weighbridge.domain.problems import HubProblem
from weighbridge.domain.text import clean_line
from weighbridge.services.hub.client import HubClient, prepare
from weighbridge.services.hub.plain_json import count, line, listed, plain_object
from weighbridge.services.hub.problems import nonsense
from weighbridge.services.hub.search import day, gate
from weighbridge.services.hub.surroundings import without_secrets

if TYPE_CHECKING:
    from huggingface_hub.hf_api import RepoFile, RepoFolder

_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MOST_FILES = 20_000
_MOST_TAGS = 500
_SIZED = 500
"""Most files whose sizes are asked for by themselves."""
_OTHER_PROTOCOL = (400, 404, 405, 501)


def check_name(repo: str) -> None:
    """HubProblem for what cannot be a repository's name. Nothing is asked."""
    prepare()
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    try:
        validate_repo_id(repo)
    except HFValidationError:
        shown = clean_line(repo, 120) or "nothing"
        raise HubProblem("bad_name", f"{shown} is no name of a repository", "write org/repo") from None


def fetch(client: HubClient, repo: str, asked: str, now: str) -> HubRepo:
    """What the Hub says of a branch, tag or commit; empty: the default branch. `now`: ISO 8601. HubProblem."""
    about = f"{repo} at revision {clean_line(asked, 80)}" if asked else repo
    info = _info(client, repo, asked, about)
    commit = _commit(info.get("sha"), asked, about)
    if info.get("disabled") is True:
        raise HubProblem("disabled", f"{about}: the Hub has disabled this repository", "choose another one")
    return HubRepo(
        repo=repo,
        revision=commit,
        asked=asked,
        fetched_at=now,
        endpoint=without_secrets(client.endpoint),
        gate=gate(info.get("gated")),
        private=info.get("private") is True,
        metadata=plain_object(info.get("cardData")),
        tags=tuple(line(tag, 120) for tag in listed(info.get("tags"))[:_MOST_TAGS] if isinstance(tag, str)),
        downloads=count(info.get("downloads")),
        likes=count(info.get("likes")),
        last_modified=day(info.get("lastModified")),
        files=_with_sizes(client, repo, commit, _files(info, about)),
    )


def _info(client: HubClient, repo: str, asked: str, about: str) -> dict[str, object]:
    """Model info; where a server refuses this way to ask, in the other way: with or without a revision."""
    try:
        return _info_at(client, repo, asked, about)
    except HubProblem as problem:
        if not _other_protocol(problem):
            raise
        try:
            info = _info_at(client, repo, "" if asked else "main", about)
        except HubProblem:
            raise problem from None
    if asked not in ("", "main", info.get("sha")):
        message = f"{about}: this server tells of the default branch only"
        raise HubProblem("bad_revision", message, "leave the revision out, or use another Hub by HF_ENDPOINT")
    return info


def _info_at(client: HubClient, repo: str, revision: str, about: str) -> dict[str, object]:
    path = f"/api/models/{repo}" + (f"/revision/{quote(revision, safe='')}" if revision else "")
    answer = client.answer(about, path, {"blobs": "true"})
    if not isinstance(answer, dict):
        raise nonsense(about, "gives an answer that no Hub gives")
    return answer


def _other_protocol(problem: HubProblem) -> bool:
    """Whether a server refused without one of the Hub's own error codes: it may know another form of the question."""
    from huggingface_hub.errors import HfHubHTTPError

    error = problem.__cause__
    if not isinstance(error, HfHubHTTPError):
        return False
    return error.response.status_code in _OTHER_PROTOCOL and not error.response.headers.get("x-error-code")


def _commit(sha: object, asked: str, about: str) -> str:
    if not isinstance(sha, str) or not _COMMIT.fullmatch(sha):
        raise nonsense(about, "does not name the commit, so nothing can be pinned to it")
    if _COMMIT.fullmatch(asked) and asked != sha:
        raise nonsense(about, "answers with another commit")
    return sha


def _files(info: dict[str, object], about: str) -> tuple[HubFile, ...]:
    """Files by the server's list. A name that a disk or a terminal could misread is left out."""
    siblings = listed(info.get("siblings"))
    if len(siblings) > _MOST_FILES:
        raise nonsense(about, f"lists more than {_MOST_FILES:,} files")
    return tuple(
        _file(sibling) for sibling in siblings if isinstance(sibling, dict) and is_plain_path(sibling.get("rfilename"))
    )


def _file(sibling: dict[str, object]) -> HubFile:
    lfs = sibling.get("lfs")
    said = lfs.get("sha256") if isinstance(lfs, dict) else None
    return HubFile(path=str(sibling["rfilename"]), size_bytes=count(sibling.get("size")), sha256=_sha256(said))


def is_plain_path(path: object) -> bool:
    """True for a relative path of clean text without empty parts, `..` or backslashes."""
    if not isinstance(path, str) or not 0 < len(path) <= 1_000 or "\\" in path or path != clean_line(path, 1_001):
        return False
    return all(part not in ("", ".", "..") and len(part.encode()) <= 255 for part in path.split("/"))


def _with_sizes(client: HubClient, repo: str, commit: str, files: tuple[HubFile, ...]) -> tuple[HubFile, ...]:
    """Sizes and digests, asked for once more by path where model info has none; None where no way gives them."""
    unsized = [file.path for file in files if file.size_bytes is None]
    wanted = [path for path in unsized if path.lower().endswith((".gguf", "readme.md"))][:_SIZED]
    if not any(path.lower().endswith(".gguf") for path in wanted):
        return files
    about = f"sizes of the files of {repo}"
    found: list[RepoFile | RepoFolder] = []
    try:
        found = client.ask(about, lambda api: api.get_paths_info(repo, wanted, revision=commit))
    except HubProblem as problem:
        if problem.kind in ("timeout", "unreachable", "rate_limited", "offline"):
            raise
        with suppress(HubProblem):
            found = client.ask(about, lambda api: list(api.list_repo_tree(repo, recursive=True, revision=commit)))
    sized = {entry.path: entry for entry in found if isinstance(getattr(entry, "size", None), int)}
    return tuple(_sized(file, sized.get(file.path)) for file in files)


def _sized(file: HubFile, entry: RepoFile | RepoFolder | None) -> HubFile:
    lfs = getattr(entry, "lfs", None)
    if file.size_bytes is not None or entry is None:
        return file
    update = {"size_bytes": count(getattr(entry, "size", None)), "sha256": _sha256(lfs.sha256 if lfs else None)}
    return file.model_copy(update=update)


def _sha256(said: object) -> str:
    return said if isinstance(said, str) and _SHA256.fullmatch(said) else ""
