"""A model for `transformers serve`: `transformers:FOLDER`, described by its files."""

from __future__ import annotations

import asyncio
import os
import re
import threading
from pathlib import Path

from weighbridge.domain.model.card import CardFacts
from weighbridge.domain.model.choice import ModelChoice
from weighbridge.domain.problems import BadInput
from weighbridge.domain.text import clean_line
from weighbridge.services.endpoint.address import TRANSFORMERS
from weighbridge.services.endpoint.transformers.folder import describe_folder
from weighbridge.services.endpoint.transformers.serve import executable

_ODD = re.compile(r"[^A-Za-z0-9._-]+")
"""What a name in requests and logs does without: @ and : have a meaning there."""


def target_of(spec: str) -> str:
    """What stands behind `transformers:`. BadInput where that is nothing."""
    text = spec.strip()[len(TRANSFORMERS) :].strip()
    if not text:
        raise BadInput(
            "transformers: needs a folder or a repository behind it.",
            "write transformers:FOLDER or transformers:org/repo@revision",
        )
    return text


def folder_of(text: str) -> Path | None:
    """The folder that is meant; None where there is none of that name. BadInput for a file."""
    path = Path(os.path.expanduser(text))
    if path.is_dir():
        return path.resolve()
    if path.exists():
        raise BadInput(
            f"{clean_line(path.name, 100)} is a file, and transformers loads folders.",
            "give the folder with config.json, or the path of a .gguf file without `transformers:`",
        )
    return None


async def describe(folder: Path) -> tuple[ModelChoice, CardFacts]:
    """The model of a folder. BadInput also where no transformers is installed: nothing could run it.

    Its files are hashed beside the event loop, and no longer once nobody waits.
    """
    executable()
    left = threading.Event()
    try:
        return await asyncio.to_thread(describe_folder, folder, name_of(folder), left.is_set)
    finally:
        left.set()


def name_of(folder: Path) -> str:
    """The folder's own name, in letters that a request and a command line take."""
    return _ODD.sub("-", clean_line(folder.name, 100)).strip("-.") or "model"
