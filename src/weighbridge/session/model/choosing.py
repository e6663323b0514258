"""Choosing a model: its header, its digest, its card, and what they declare."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from weighbridge.domain.model.card import CardFacts, from_header
from weighbridge.domain.model.choice import ModelChoice
from weighbridge.domain.model.gguf_types import GgufHeader
from weighbridge.domain.model.hub import CardText
from weighbridge.domain.problems import BadInput
from weighbridge.services.digests import sha256_of
from weighbridge.services.model_file import inspect_file, resolve

Progress = Callable[[int, int], None]
"""Bytes done, bytes in all."""


class Chosen(NamedTuple):
    """A model with what declares something about it. `card` is None for models without a repository."""

    model: ModelChoice
    facts: CardFacts
    card: CardText | None = None


def choose(spec: str, progress: Progress | None, cancelled: Callable[[], bool]) -> Chosen:
    """The bundled model or a file, with its digest and card facts. BadInput, OutsideFailed or Cancelled."""
    found = resolve(spec)
    sha256 = sha256_of(Path(found.choice.path), progress, cancelled)
    return Chosen(found.choice.model_copy(update={"sha256": sha256}), from_header(found.header, found.package))


def header_of(model: ModelChoice) -> GgufHeader:
    """The header of a chosen file. BadInput where the file is gone or no longer a model."""
    try:
        status = os.stat(model.path)
    except OSError:
        raise BadInput(
            f"The model file {model.file_name} is gone.", "Choose the model again in the step Model."
        ) from None
    return _header(model.path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=4)
def _header(path: str, _size: int, _mtime_ns: int) -> GgufHeader:
    return inspect_file(Path(path))[1]


def check_unchanged(model: ModelChoice) -> None:
    """BadInput where the file's bytes are not those that were chosen: evidence would name another model."""
    header_of(model)
    if sha256_of(Path(model.path), None, lambda: False) != model.sha256:
        raise BadInput(
            f"The model file {model.file_name} has changed since it was chosen.",
            "Choose the model again in the step Model.",
        )
