"""Names and pasted addresses of the Hub, read by its own client. Nothing is fetched."""

from __future__ import annotations

import re
from urllib.parse import quote

from weighbridge.domain.model.choice import ModelChoice
from weighbridge.domain.problems import BadInput
from weighbridge.domain.text import clean_line
from weighbridge.services.hub.client import prepare

_ADDRESS = re.compile(r"(https?://|hf://|(huggingface\.co|hf\.co)/)", re.IGNORECASE)
_NAME = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+)(@(?P<revision>[^@:\s]+))?(:(?P<file>[^:\s][^:\r\n]*))?", re.ASCII)
_BEGUN = re.compile(r"[\w.-]+/[\w.-]+(@[^@:\s]*)?(:[^:\r\n]*)?", re.ASCII)
"""A name whose revision or file may still be missing behind its sign."""
_HINT = "write org/repo, org/repo@revision or org/repo@revision:file.gguf, or paste the model page's address"


def is_hub_address(text: str) -> bool:
    return _ADDRESS.match(text) is not None


def is_hub_name(text: str) -> bool:
    """True for org/repo with optional revision and file, or a sign that one belongs to. A path may look the same."""
    return _BEGUN.fullmatch(text) is not None


def named(text: str) -> ModelChoice:
    """The repository that a name or address means. Raises BadInput where it means none, or no model."""
    prepare()
    from huggingface_hub import parse_hf_uri  # 0.2 s of imports, for typed Hub names only
    from huggingface_hub.errors import HfUriError

    try:
        uri = parse_hf_uri(_as_address(text.strip()))
    except HfUriError:
        raise BadInput(f"{clean_line(text, 120)} names no model of the Hub", _HINT) from None
    if uri.type != "model":
        raise BadInput(f"{clean_line(text, 120)} is a {uri.type} of the Hub, not a model", _HINT)
    if ".." in f"{uri.revision}/{uri.path_in_repo}".split("/"):
        raise BadInput(f"{clean_line(text, 120)} leaves the repository", _HINT)
    return ModelChoice(
        kind="named",
        name=clean_line(uri.id),
        repo=clean_line(uri.id),
        revision=clean_line(uri.revision or ""),
        file_name=clean_line(uri.path_in_repo),
        source="typed by the person; nothing was fetched or checked",
    )


def _as_address(text: str) -> str:
    name = _NAME.fullmatch(text)
    if name is None or is_hub_address(text):
        return text
    revision = f"@{quote(name['revision'], safe='')}" if name["revision"] else ""
    return f"hf://{name['repo']}{revision}" + (f"/{name['file']}" if name["file"] else "")
