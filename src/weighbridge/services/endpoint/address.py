"""The address of a server's API, as a person types it: `https://host/v1#name`. Nothing is asked."""

from __future__ import annotations

import ipaddress
import os
import re
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from weighbridge.domain.problems import BadInput
from weighbridge.domain.proof.remote import KeyUse
from weighbridge.domain.text import clean_line

OLLAMA, TRANSFORMERS = "ollama:", "transformers:"
_HUB_HOSTS = ("huggingface.co", "www.huggingface.co", "hf.co", "www.hf.co")
_VERSION = re.compile(r"/(api/)?v\d")
_BARE = re.compile(r"([\w.-]+|\[[0-9a-f:]+\])(:\d{1,5}(/[^\s@?\\]*)?|/v1(#[^\s@?\\]*)?)", re.ASCII | re.IGNORECASE)
_ENDS = ("/chat/completions", "/completions", "/models")
_HINT = "write https://host/v1#name, where name is one that the server lists"


class Address(NamedTuple):
    """`base_url`: with /v1, without user, query and last slash. `model`: empty where none is named."""

    base_url: str
    model: str


def is_served(spec: str) -> bool:
    """Whether MODEL means a server: its address, ollama:NAME or transformers:FOLDER. An address of the Hub does not."""
    spec = spec.strip().lower()
    if spec.startswith((OLLAMA, TRANSFORMERS)):
        return True
    if not spec.startswith(("http://", "https://")):
        return False
    try:
        netloc = urlsplit(spec).netloc.rpartition("@")[2]
    except ValueError:
        return True
    hub = urlsplit(os.environ.get("HF_ENDPOINT", "").lower()).netloc
    return not netloc or netloc not in (*_HUB_HOSTS, hub)


def without_scheme(spec: str) -> str:
    """The address that was meant where only its http:// lacks, `host:8000/v1#name`; empty where that is not so."""
    if _BARE.fullmatch(spec) is None:
        return ""
    return f"http://{spec}" if is_near(f"http://{spec}") else f"https://{spec}"


def parse(spec: str) -> Address:
    """The address that was typed. BadInput, which never repeats a password or key that stands in it."""
    try:
        parts = urlsplit(spec.strip())
        port = parts.port
    except ValueError as error:
        raise BadInput(f"That is no address of a server: {clean_line(str(error), 80)}.", _HINT) from None
    _require_sound(parts)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    netloc = f"{host}:{port}" if port is not None else f"{host}"
    return Address(f"{parts.scheme}://{netloc}{_path(parts.path)}", clean_line(unquote(parts.fragment), 200))


def root(base_url: str) -> str:
    """The server's own root: the address without the API's version."""
    found = _VERSION.search(base_url, len(urlsplit(base_url).scheme) + 3)
    return base_url[: found.start()] if found else base_url.rstrip("/")


def is_near(address: str) -> bool:
    """Whether an address is of this machine or of a private network. A name says nothing, but for localhost."""
    host = urlsplit(address).hostname or "localhost"
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))
    return found.is_loopback or found.is_private


def way_to(address: str) -> KeyUse:
    """How a key that is sent to an address goes there."""
    if urlsplit(address).scheme != "http":
        return "encrypted"
    return "near" if is_near(address) else "unencrypted"


def _require_sound(parts: SplitResult) -> None:
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadInput("The address of a server begins with http:// or https:// and names a host.", _HINT)
    if "@" in parts.netloc:
        raise BadInput(
            "The address holds a user name or password, which would be kept with the run.",
            "leave it out, and give a key by WEIGHBRIDGE_API_KEY or when it is asked for",
        )
    if parts.query:
        raise BadInput(
            "The address holds a query (behind a question mark), which may be a key and would be kept with the run.",
            "leave it out, and give a key by WEIGHBRIDGE_API_KEY or when it is asked for",
        )
    plain = f"{parts.netloc}{parts.path}"
    if clean_line(plain, 2000) != plain or "\\" in plain or " " in plain or not plain.isascii():
        raise BadInput("The address holds signs that no address has.", _HINT)


def _path(path: str) -> str:
    path = path.rstrip("/")
    for end in _ENDS:
        path = path.removesuffix(end)
    return path if _VERSION.search(path) else f"{path}/v1"
