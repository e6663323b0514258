"""One model that is to be served, as every export reads it; and what cannot be served by which server."""

from __future__ import annotations

import re

from weighbridge.domain.base import Record
from weighbridge.domain.model.choice import ModelChoice
from weighbridge.domain.problems import BadInput, Refused
from weighbridge.domain.proof.settings import RuntimeSettings
from weighbridge.domain.serving.plan import ServePlan
from weighbridge.domain.serving.servers import Server
from weighbridge.domain.serving.sizing import Sizing

_COMMIT = re.compile(r"[0-9a-f]{40}")
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")
MOST_OF_A_NAME = 38
"""Characters: dstack takes 41 at most, lower case, digits and dashes."""


class Deployment(Record):
    """`size` None: not needed for this server, or not known, which `unsized` explains."""

    model: ModelChoice
    server: Server
    serve: ServePlan
    settings: RuntimeSettings
    gated: bool = False
    size: Sizing | None = None
    unsized: str = ""

    @property
    def image(self) -> str:
        return self.serve.image or self.server.image

    @property
    def name(self) -> str:
        """For a cluster or run: letters, digits and dashes, a letter first."""
        last = (self.model.repo or self.model.file_name).rsplit("/", 1)[-1].lower()
        return f"wb-{_NOT_IN_NAMES.sub('-', last).strip('-')}"[:MOST_OF_A_NAME].rstrip("-")

    @property
    def pinned(self) -> str:
        return f"{self.model.repo}@{self.model.revision}"


_NAME_ONE = 'Put use = "org/repo@COMMIT" below [model].'
REPOSITORY = "Choose a repository of the Hub in step 3: org/repo."
"""The way out where a server is started from a whole repository."""


def require_servable(model: ModelChoice | None, server: Server, *, exports: bool = False) -> ModelChoice:
    """The model, where this server can serve it from what the plan pins. BadInput or Refused, with the way out.

    `exports`: the plan is exported, so another tool is a way out too.
    """
    if model is None:
        raise BadInput("The plan names no model.", _NAME_ONE, in_steps="Choose one in step 3.")
    if model.kind in ("endpoint", "ollama"):
        raise Refused(
            f"{model.name} is served already, and what its server loaded it from is not known here.",
            'Name its repository: use = "org/repo@COMMIT" below [model].',
            in_steps=REPOSITORY,
        )
    gguf = model.file_name.lower().endswith(".gguf")
    if server.takes == "gguf" and not gguf:
        raise Refused(
            f"{server.name} takes a GGUF file, and the plan names none.",
            'Name one, use = "org/repo@COMMIT:FILE.gguf" below [model]' + (", or export vllm." if exports else "."),
            in_steps="Choose a GGUF file of the Hub in step 3" + (", or export vLLM." if exports else "."),
        )
    if server.takes == "safetensors" and gguf:
        raise Refused(
            f"{server.name} is started from a repository of safetensors, and the plan names the GGUF file "
            f"{model.file_name}.",
            "Name the repository that it was made from" + (", or export llama-server or ollama." if exports else "."),
            in_steps=REPOSITORY,
        )
    if server.takes == "safetensors" and not model.repo:
        raise Refused(
            f"{model.name} is not of the Hub, so nobody else could load it.",
            'Name a repository: use = "org/repo@COMMIT" below [model].',
            in_steps=REPOSITORY,
        )
    if model.repo and not _COMMIT.fullmatch(model.revision):
        raise BadInput(
            f"{model.repo} is not pinned to a commit, so another model could be served tomorrow.",
            f"Write {model.repo}@COMMIT, 40 hex digits, below [model]; `weighbridge card {model.repo}` tells it.",
            in_steps=f"Choose {model.repo} again in step 3 with the Hub at hand, or type {model.repo}@COMMIT there.",
        )
    return model
