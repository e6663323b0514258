"""What a person hands in of a notebook's run: a packet's folder, its archive, or the notebook as it ran."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from weighbridge.domain.problems import BadInput
from weighbridge.domain.text import clean_line
from weighbridge.services.notebook.executed import read_executed
from weighbridge.services.notebook.unpack import MAX_BYTES, unpack

_FORMS = "Name a packet (its folder or .zip), or the notebook as it ran (.ipynb)."


@dataclass(frozen=True)
class HandedIn:
    """`packet`: the folder. `executed_sha256`: of the notebook as it ran; empty where the packet came alone."""

    packet: Path
    executed_sha256: str = ""
    end: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def handed_in(file: Path) -> Iterator[HandedIn]:
    """The packet's folder, for as long as it is looked at. BadInput or OutsideFailed where there is none."""
    name = clean_line(str(file), 120)
    if file.is_dir():
        yield HandedIn(file)
        return
    data = _bytes(file, name)
    with tempfile.TemporaryDirectory(prefix="weighbridge-import-") as scratch:
        if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
            yield HandedIn(unpack(data, Path(scratch), name))
        elif data.lstrip()[:1] == b"{":
            ran = read_executed(data, name)
            yield HandedIn(unpack(ran.packed, Path(scratch), f"the packet in {name}"), ran.sha256, ran.end)
        else:
            raise BadInput(f"{name} is neither a packet nor a notebook.", _FORMS)


def _bytes(file: Path, name: str) -> bytes:
    try:
        if not file.is_file():
            raise BadInput(f"There is no file {name}.", _FORMS)
        if file.stat().st_size > MAX_BYTES:
            raise BadInput(f"{name} is larger than {MAX_BYTES >> 30} GiB: that is no packet.", _FORMS)
        return file.read_bytes()
    except ValueError:
        raise BadInput(f"{name} is no path.", _FORMS) from None
    except OSError as error:
        raise BadInput(f"{name} cannot be read: {clean_line(error.strerror or '')}.", _FORMS) from None
