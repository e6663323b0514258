"""What the environment says of the Hub: which server, whether there is a token, and where files are kept."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from weighbridge.domain.text import clean_line
from weighbridge.services.hub.client import HubClient, prepare, token
from weighbridge.services.hub.files.places import models


class Surroundings(NamedTuple):
    """`endpoint` without secrets; the token itself is never told. `cache`: the folder of the Hub's own client."""

    endpoint: str
    token_is_set: bool
    offline: bool
    models: Path
    cache: Path


def surroundings(home: Path) -> Surroundings:
    """As they are at this moment. Nothing is asked."""
    prepare()
    from huggingface_hub.constants import HF_HUB_CACHE

    from weighbridge.services.hub.bounded import is_set

    return Surroundings(
        endpoint=without_secrets(HubClient().endpoint),
        token_is_set=token() is not None,
        offline=is_set("HF_HUB_OFFLINE"),
        models=models(home),
        cache=Path(HF_HUB_CACHE),
    )


def without_secrets(address: str) -> str:
    """An address without user, password and query."""
    with suppress(ValueError):
        parts = urlsplit(address)
        return clean_line(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}", 200)
    return "not an address"
