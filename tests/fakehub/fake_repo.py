"""Repositories of a fake Hub: files, commits, branches, and what the Hub says of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import yaml

LFS_SIZE = 10_000_000
_FRONT = re.compile(rb"\A---\r?\n(.*?)\r?\n---", re.DOTALL)


@dataclass
class FakeFile:
    """`data`: the bytes, or where they lie; a path is never read into memory. `lfs`: None decides by name and size."""

    data: bytes | Path
    lfs: bool | None = None
    declared_sha256: str = ""
    """What the Hub says instead of the true digest."""

    @property
    def size(self) -> int:
        return self.data.stat().st_size if isinstance(self.data, Path) else len(self.data)

    def is_lfs(self, name: str) -> bool:
        return self.lfs if self.lfs is not None else name.endswith(".gguf") or self.size > LFS_SIZE

    @cached_property
    def sha256(self) -> str:
        if self.declared_sha256:
            return self.declared_sha256
        if isinstance(self.data, bytes):
            return hashlib.sha256(self.data).hexdigest()
        with self.data.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def oid(self, name: str) -> str:
        """A git object id: unique to name and size, which is all that a client can see of it."""
        return hashlib.sha1(f"{name} {self.size}".encode()).hexdigest()


Source = bytes | str | Path | FakeFile
Files = Mapping[str, Source]


def _file(source: Source) -> FakeFile:
    if isinstance(source, FakeFile):
        return source
    return FakeFile(source.encode() if isinstance(source, str) else source)


@dataclass
class FakeRepo:
    """One repository. `commits`: files by 40 hex digits; `branches`: commit by name."""

    name: str
    card: dict[str, Any] | None = None
    """The metadata that the Hub reads in the card; None: it reads the front matter of README.md."""
    tags: list[str] = field(default_factory=list)
    """Beside those that follow from the card."""
    gguf: dict[str, Any] | None = None
    gated: Literal[False, "auto", "manual"] = False
    private: bool = False
    disabled: bool = False
    downloads: int = 1
    likes: int = 0
    last_modified: str = "2025-02-07T00:00:00.000Z"
    more: dict[str, Any] = field(default_factory=dict)
    """Fields of the model info that replace or join the others."""
    commits: dict[str, dict[str, FakeFile]] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    git_tags: dict[str, str] = field(default_factory=dict)

    @property
    def sha(self) -> str:
        """The commit of main."""
        return self.branches["main"]

    def commit(self, files: Files, branch: str = "main") -> str:
        """A new commit with just these files; the branch points to it. Returns its 40 hex digits."""
        sha = hashlib.sha1(f"{self.name} {len(self.commits)}".encode()).hexdigest()
        self.commits[sha] = {name: _file(source) for name, source in files.items()}
        self.branches[branch] = sha
        return sha

    def resolve(self, revision: str) -> str | None:
        """The commit that a branch, tag, commit or the start of one means."""
        named = self.branches.get(revision) or self.git_tags.get(revision)
        if named:
            return named
        return next((sha for sha in self.commits if len(revision) >= 7 and sha.startswith(revision)), None)

    def metadata(self, sha: str) -> dict[str, Any]:
        if self.card is not None:
            return self.card
        readme = self.commits[sha].get("README.md")
        found = _FRONT.match(readme.data) if readme and isinstance(readme.data, bytes) else None
        try:
            read = yaml.safe_load(found[1]) if found else {}
        except (yaml.YAMLError, UnicodeDecodeError):
            return {}
        return read if isinstance(read, dict) else {}
