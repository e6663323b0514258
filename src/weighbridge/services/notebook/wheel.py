"""The installed weighbridge as a wheel, so that a notebook brings its own program and asks no index for it.

Files are stored, not compressed, in the order of their names and with one fixed time: the same program gives the same
bytes on every machine. Form: the packaging specifications "Binary distribution format" 1.0 and "Core metadata" 2.4.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, version
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from weighbridge import __version__

PACKAGE = "weighbridge"
ENGINE = "llama-cpp-python"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_TIME = (1980, 1, 1, 0, 0, 0)
_INFO = f"{PACKAGE}-{__version__}.dist-info"
_WHEEL = "Wheel-Version: 1.0\nGenerator: weighbridge\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_SCRIPTS = "[console_scripts]\nweighbridge = weighbridge.cli:main\n"


@dataclass(frozen=True)
class Wheel:
    """`pins`: what else is to be installed, each in the version that is installed here; the engine is not among it."""

    name: str
    data: bytes
    pins: tuple[str, ...]

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


@cache
def own_wheel() -> Wheel:
    """The wheel of the program that runs. Reads its files once."""
    wanted = _requirements()
    contents = dict(sorted(_sources(files(PACKAGE), PACKAGE)))
    contents[f"{_INFO}/METADATA"] = _metadata(wanted).encode()
    contents[f"{_INFO}/WHEEL"] = _WHEEL.encode()
    contents[f"{_INFO}/entry_points.txt"] = _SCRIPTS.encode()
    record = f"{_INFO}/RECORD"
    rows = [f"{name},sha256={_urlsafe(data)},{len(data)}" for name, data in contents.items()]
    contents[record] = "".join(f"{row}\n" for row in (*rows, f"{record},,")).encode()
    return Wheel(f"{PACKAGE}-{__version__}-py3-none-any.whl", _zipped(contents), tuple(_pins(wanted)))


def _sources(folder: Traversable, name: str) -> Iterator[tuple[str, bytes]]:
    """Every file of the program below its path in the wheel; nothing compiled, nothing hidden."""
    for entry in folder.iterdir():
        if entry.name.startswith((".", "__pycache__")) or entry.name.endswith(".pyc"):
            continue
        path = f"{name}/{entry.name}"
        if entry.is_dir():
            yield from _sources(entry, path)
        else:
            yield path, entry.read_bytes()


def _requirements() -> list[str]:
    """What the program needs, extras marked. A checkout's own file comes first: metadata is as old as its install."""
    checkout = Path(str(files(PACKAGE))).parent.parent / "pyproject.toml"
    if checkout.is_file():
        project = tomllib.loads(checkout.read_text(encoding="utf-8")).get("project", {})
        if project.get("name") == PACKAGE:
            extras = project.get("optional-dependencies", {})
            more = [f'{row}; extra == "{name}"' for name, rows in extras.items() for row in rows]
            return [*project.get("dependencies", []), *more]
    return list(distribution(PACKAGE).requires or ())


def _pins(wanted: list[str]) -> Iterator[str]:
    """Direct requirements of every install, as NAME==VERSION where the version here is known and no local build."""
    for row in sorted(wanted):
        name = _NAME.match(row)
        if name is None or name[0] == ENGINE or "extra ==" in row:
            continue
        try:
            found = version(name[0])
        except PackageNotFoundError:
            continue
        if "+" not in found:
            yield f"{name[0]}=={found}"


def _metadata(wanted: list[str]) -> str:
    extras = sorted({row.rpartition("extra == ")[2].strip("'\"") for row in wanted if "extra == " in row})
    rows = [
        "Metadata-Version: 2.4",
        f"Name: {PACKAGE}",
        f"Version: {__version__}",
        "License-Expression: Apache-2.0",
        "Requires-Python: >=3.11",
        *(f"Requires-Dist: {row}" for row in wanted),
        *(f"Provides-Extra: {name}" for name in extras),
    ]
    return "\n".join(rows) + "\n"


def _urlsafe(data: bytes) -> str:
    """SHA-256 as RECORD writes it: base64 for addresses, without the padding."""
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def _zipped(contents: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in contents.items():
            entry = zipfile.ZipInfo(name, _TIME)
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            archive.writestr(entry, data)
    return buffer.getvalue()
