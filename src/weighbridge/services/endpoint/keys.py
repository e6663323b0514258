"""API keys: in this process's memory only, each for one origin. Never in a file, an event, a log or a packet."""

from __future__ import annotations

import os
from functools import lru_cache
from urllib.parse import urlsplit

from weighbridge.domain.problems import BadInput
from weighbridge.domain.proof.remote import KeyUse
from weighbridge.services.endpoint.address import is_near, way_to
from weighbridge.services.endpoint.problems import PlainHttp

VARIABLE = "WEIGHBRIDGE_API_KEY"
"""The environment's key goes to the server that the person chose, and to no other. No other variable is read: a key of
another service, or a token of the Hub, is not ours to hand on."""

_GIVEN: dict[str, str] = {}
_PLAIN: set[str] = set()
"""Origins to which a key may go unencrypted: the person agreed."""


@lru_cache(maxsize=64)
def origin(address: str) -> str:
    """Scheme, host and port: a key that was given for one is sent to no other."""
    parts = urlsplit(address)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}"


def give(address: str, key: str) -> None:
    """Takes a typed key, for the origin of an address."""
    _GIVEN[origin(address)] = key.strip()


def key_for(address: str) -> str | None:
    """The key for a chosen address: as typed, else of the environment, else none. Blanks around it are none of it."""
    return _GIVEN.get(origin(address)) or os.environ.get(VARIABLE, "").strip() or None


def accept_plain(address: str) -> None:
    """The person agrees that the key goes to this origin over plain http."""
    _PLAIN.add(origin(address))


def use_for(address: str) -> KeyUse:
    """How the key for an address goes there. `unencrypted` is what the person agreed to: else it is not sent."""
    return way_to(address) if key_for(address) else "none"


def require_private_way(address: str) -> None:
    """PlainHttp where there is a key for an address, and everybody on the way to it could read it.

    BadInput where it holds what no header can: a blank, a line break, a letter beyond ASCII.
    """
    key = key_for(address)
    if key and not (key.isascii() and key.isprintable() and " " not in key):
        raise BadInput("The API key holds signs that no key has.", f"Copy it anew, to {VARIABLE} or where it is typed.")
    if not key or urlsplit(address).scheme != "http" or is_near(address) or origin(address) in _PLAIN:
        return
    raise PlainHttp(
        f"The API key would go unencrypted to {origin(address)}, a public host: it was not sent.",
        "Use the https address, or agree with --key-over-http; without a key, unset WEIGHBRIDGE_API_KEY.",
        address,
    )


def forget() -> None:
    """Forgets every typed key and every agreement."""
    _GIVEN.clear()
    _PLAIN.clear()
