"""The Hub's API answers as JSON: model info, search, tree, paths-info, refs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from fakehub.fake_repo import FakeFile, FakeRepo

Json = dict[str, Any]
Query = dict[str, list[str]]
_UNITS = {"": 1, "K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
_SORT_KEYS = {"downloads": "downloads", "likes": "likes", "lastModified": "last_modified"}


def model_info(repo: FakeRepo, sha: str, query: Query, sizes: bool = True) -> Json:
    """`sizes`: False is a server that knows no `blobs`."""
    card = repo.metadata(sha)
    blobs = sizes and "blobs" in query
    info: Json = {
        "_id": "65f0c0ffee",
        "id": repo.name,
        "modelId": repo.name,
        "author": repo.name.split("/", 1)[0],
        "sha": sha,
        "private": repo.private,
        "gated": repo.gated,
        "disabled": repo.disabled,
        "lastModified": repo.last_modified,
        "createdAt": "2024-11-01T00:00:00.000Z",
        "downloads": repo.downloads,
        "likes": repo.likes,
        "tags": _tags(repo, card),
        "cardData": card,
        "siblings": [_sibling(name, file, blobs) for name, file in repo.commits[sha].items()],
    }
    if repo.gguf is not None:
        info["gguf"] = repo.gguf
    info |= repo.more
    wanted = query.get("expand")
    return {key: value for key, value in info.items() if key in {*wanted, "_id", "id"}} if wanted else info


def _tags(repo: FakeRepo, card: Json) -> list[str]:
    has_gguf = any(name.endswith(".gguf") for files in repo.commits.values() for name in files)
    licence = card.get("license")
    return [*(["gguf"] if has_gguf else []), *([f"license:{licence}"] if licence else []), *repo.tags]


def _sibling(name: str, file: FakeFile, blobs: bool) -> Json:
    if not blobs:
        return {"rfilename": name}
    lfs = {"lfs": {"sha256": file.sha256, "size": file.size, "pointerSize": 134}} if file.is_lfs(name) else {}
    return {"rfilename": name, "size": file.size, "blobId": file.oid(name), **lfs}


def tree_entry(name: str, file: FakeFile) -> Json:
    lfs = {"lfs": {"oid": file.sha256, "size": file.size, "pointerSize": 134}} if file.is_lfs(name) else {}
    return {"type": "file", "oid": file.oid(name), "size": file.size, "path": name, **lfs}


def tree(repo: FakeRepo, sha: str, recursive: bool) -> list[Json]:
    """Files, and without `recursive` the folders that hold the others."""
    files = repo.commits[sha]
    if recursive:
        return [tree_entry(name, file) for name, file in files.items()]
    folders = sorted({name.split("/", 1)[0] for name in files if "/" in name})
    top = [tree_entry(name, file) for name, file in files.items() if "/" not in name]
    return [{"type": "directory", "oid": "0" * 40, "size": 0, "path": name} for name in folders] + top


def refs(repo: FakeRepo) -> Json:
    def named(names: dict[str, str], kind: str) -> list[Json]:
        return [{"name": name, "ref": f"refs/{kind}/{name}", "targetCommit": sha} for name, sha in names.items()]

    return {"branches": named(repo.branches, "heads"), "tags": named(repo.git_tags, "tags"), "converts": []}


def found(repos: Iterable[FakeRepo], query: Query) -> list[FakeRepo]:
    """The public repositories that a search means, in its order."""
    rows = [repo for repo in repos if not repo.private and not repo.disabled and _matches(repo, query)]
    key = _SORT_KEYS.get(query.get("sort", [""])[0])
    return sorted(rows, key=lambda repo: getattr(repo, key), reverse=True) if key else rows


def _matches(repo: FakeRepo, query: Query) -> bool:
    words = query.get("search", [""])[0].lower().split()
    tags = _tags(repo, repo.metadata(repo.sha))
    gated = query.get("gated", [""])[0].lower()
    return (
        all(word in repo.name.lower() for word in words)
        and all(wanted in tags for wanted in query.get("filter", []))
        and (not gated or (gated in ("true", "1")) == bool(repo.gated))
        and _within((repo.gguf or {}).get("total"), query.get("num_parameters", [""]))
    )


def _within(n_params: Any, limits: Sequence[str]) -> bool:
    """Limits are written `min:1B,max:4B`."""
    for side, number, unit in re.findall(r"(min|max):([\d.]+)([KMBT]?)", limits[0]):
        bound = float(number) * _UNITS[unit]
        if not isinstance(n_params, int) or (n_params > bound if side == "max" else n_params < bound):
            return False
    return True
