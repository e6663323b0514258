"""Model files on this machine: what MODEL means, the header of a file, and its SHA-256."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, NamedTuple

from weighbridge.domain.facts import Fact
from weighbridge.domain.model.choice import ModelChoice
from weighbridge.domain.model.gguf import read_header
from weighbridge.domain.model.gguf_types import GgufHeader
from weighbridge.domain.problems import BadInput, OutsideFailed
from weighbridge.domain.text import clean_line
from weighbridge.services import bundled
from weighbridge.services.endpoint.address import is_served, without_scheme
from weighbridge.services.hub import name as hub_name

CHUNK = 8 << 20
_HINT = "give the path of a .gguf file, org/repo of the Hub, or the word: bundled"


class Cancelled(Exception):
    """The caller asked for the end; nothing went wrong."""


class Resolved(NamedTuple):
    """`package`: card facts that the package of the bundled model declares."""

    choice: ModelChoice
    header: GgufHeader
    package: dict[str, Fact]


def is_hub_spec(spec: str) -> bool:
    """Whether MODEL means a repository of the Hub: org/repo[@revision][:file], or its address; not one of a server."""
    spec = spec.strip()
    if is_served(spec):
        return False
    return hub_name.is_hub_address(spec) or (hub_name.is_hub_name(spec) and _may_be_repo(spec, _expand(spec)))


def resolve(spec: str) -> Resolved:
    """What MODEL means on this machine: `bundled`, or the path of a GGUF file. It is inspected, not hashed.

    Raises BadInput.
    """
    spec = spec.strip()
    if not spec:
        raise BadInput("no model is given", _HINT)
    if spec == "bundled":
        return _bundled()
    if (meant := without_scheme(spec)) and not os.path.lexists(_expand(spec)):
        told = f"{clean_line(spec, 160)} is no file, and the address of a server begins with http:// or https://."
        raise BadInput(told, f"write {clean_line(meant, 170)}")
    choice, header = inspect_file(_expand(spec))
    return Resolved(choice, header, {})


def _may_be_repo(spec: str, path: Path) -> bool:
    """A path and a repository can look alike: what exists, or is called .gguf without a colon, is a path."""
    return not os.path.lexists(path) and not spec.startswith(".") and (":" in spec or path.suffix != ".gguf")


def _bundled() -> Resolved:
    found = bundled.find()
    choice, header = inspect_file(found.path)
    known = {"kind": "bundled", "repo": found.repo, "revision": found.revision, "source": found.source}
    return Resolved(choice.model_copy(update=known), header, found.facts)


def _expand(spec: str) -> Path:
    try:
        return Path(spec).expanduser()
    except RuntimeError:
        return Path(spec)


def inspect_file(path: str | Path) -> tuple[ModelChoice, GgufHeader]:
    """Reads and checks the header of a file (some MB at most). Raises BadInput or OutsideFailed."""
    path = Path(path)
    shown = clean_line(path.name or str(path))
    with _open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size

        def read_at(offset: int, count: int) -> bytes:
            file.seek(offset)
            return file.read(count)

        try:
            header = read_header(read_at, size)
        except BadInput as error:
            raise BadInput(f"{shown}: {error}", error.hint) from None
        except OSError as error:
            raise OutsideFailed(f"{shown} cannot be read: {error.strerror}", "check the disk") from None
    choice = ModelChoice(
        kind="file",
        name=clean_line(path.stem),
        file_name=shown,
        size_bytes=size,
        path=str(path.absolute()),
        quantization=header.quantization,
        architecture=header.architecture,
        n_params=header.n_params,
        source="a file given by the person; where it comes from is not recorded in it",
    )
    return choice, header


def sha256_file(path: str | Path, progress: Callable[[int, int], None] | None, cancelled: Callable[[], bool]) -> str:
    """SHA-256 (64 hex digits) of a file, read in 8 MiB pieces.

    `progress(done, total)` in bytes, and `cancelled()`, are called after each piece. Raises Cancelled,
    BadInput where the file cannot be opened, OutsideFailed where reading fails or its size changes.
    """
    path = Path(path)
    shown = clean_line(path.name)
    digest = hashlib.sha256()
    done = 0
    with _open_regular(path) as file:
        total = os.fstat(file.fileno()).st_size
        try:
            while piece := file.read(CHUNK):
                digest.update(piece)
                done += len(piece)
                if progress is not None:
                    progress(done, total)
                if cancelled():
                    raise Cancelled
        except OSError as error:
            raise OutsideFailed(f"{shown} cannot be read: {error.strerror}", "check the disk") from None
    if done != total:
        raise OutsideFailed(f"{shown} changed while it was read", "wait until nothing writes to it, and try again")
    return digest.hexdigest()


def _open_regular(path: Path) -> BinaryIO:
    """Opens a regular file and nothing else: a pipe or a device could block for ever."""
    shown = clean_line(str(path), 160)
    try:
        _require_regular(os.stat(path).st_mode, shown)
        return path.open("rb")
    except FileNotFoundError:
        if os.path.lexists(path):
            raise BadInput(f"{shown} is a link to a file that does not exist", _HINT) from None
        raise BadInput(f"there is no file {shown}", _HINT) from None
    except PermissionError:
        raise BadInput(f"{shown} may not be read", "change its permissions, or copy it to your own folder") from None
    except OSError as error:
        reason = "links that go in a circle" if error.errno == errno.ELOOP else error.strerror
        raise BadInput(f"{shown} cannot be opened: {reason}", _HINT) from None
    except ValueError:
        raise BadInput(f"{shown} is not a possible file name", _HINT) from None


def _require_regular(mode: int, shown: str) -> None:
    if stat.S_ISDIR(mode):
        raise BadInput(f"{shown} is a folder, not a file", _HINT)
    if not stat.S_ISREG(mode):
        raise BadInput(f"{shown} is a device or a pipe, not a regular file", _HINT)
