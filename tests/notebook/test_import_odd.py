"""Outputs and archives that no service makes: taken for what they are, or refused in one sentence."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest
from ran_notebook import Ran, cell_of, executed

from weighbridge.domain.problems import BadInput
from weighbridge.services.notebook.executed import END
from weighbridge.session import Session
from weighbridge.session.notebook.importing import import_evidence


@pytest.mark.parametrize("told", [["x", "y"], 5, None, "[" * 100_000, {"stop": {"a": 1}, "ended_at": 5}])
async def test_an_end_that_tells_nothing_is_no_stop(planner: Session, ran: Ran, tmp_path: Path, told: Any) -> None:
    def change(notebook: dict[str, Any]) -> None:
        cell_of(notebook, "end")["outputs"][0]["data"][END] = told

    path = tmp_path / "x.ipynb"
    path.write_bytes(executed(ran, change))
    taken = await import_evidence(planner, path)
    assert taken.notebook is not None and taken.notebook.stop == ""


async def test_an_end_that_a_service_keeps_in_lines_is_read(planner: Session, ran: Ran, tmp_path: Path) -> None:
    def change(notebook: dict[str, Any]) -> None:
        data = cell_of(notebook, "end")["outputs"][0]["data"]
        data[END] = json.dumps(data[END], indent=1).splitlines(keepends=True)

    path = tmp_path / "x.ipynb"
    path.write_bytes(executed(ran, change))
    taken = await import_evidence(planner, path)
    assert taken.notebook is not None and taken.notebook.stop == "the last cell gave it back"


async def test_an_id_that_is_no_text_names_no_cell(planner: Session, ran: Ran, tmp_path: Path) -> None:
    def change(notebook: dict[str, Any]) -> None:
        cell_of(notebook, "run")["metadata"]["id"] = ["run"]

    path = tmp_path / "x.ipynb"
    path.write_bytes(executed(ran, change))
    assert (await import_evidence(planner, path)).proof is not None


def broken_stream(ran: Ran) -> bytes:
    """The archive with the packed bytes of one file spoilt: its list of files is sound."""
    with zipfile.ZipFile(io.BytesIO(ran.packed)) as archive:
        entry = max(archive.infolist(), key=lambda one: one.compress_size)
    at = entry.header_offset + 30 + len(entry.filename) + 20
    return ran.packed[:at] + b"\xff" * 64 + ran.packed[at + 64 :]


def other_packing(ran: Ran) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("bagit.txt", b"x" * 100)
    return buffer.getvalue()


def far_away(ran: Ran) -> bytes:
    """The first file begins where no file of any system reaches."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("bagit.txt", b"x")
    whole = buffer.getvalue()
    at, end = whole.index(b"PK\x01\x02"), whole.index(b"PK\x05\x06")
    extra = struct.pack("<HHQ", 1, 8, 2**64 - 1)
    entry = bytearray(whole[at:end])
    entry[30:32], entry[42:46] = struct.pack("<H", len(extra)), b"\xff" * 4
    entry += extra
    last = bytearray(whole[end:])
    last[12:16] = struct.pack("<I", len(entry))
    return whole[:at] + bytes(entry) + bytes(last)


def below_a_file(ran: Ran) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("bagit.txt", b"x")
        archive.writestr("bagit.txt/more.txt", b"x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (broken_stream, "it is damaged"),
        (far_away, "it is damaged"),
        (below_a_file, "it is damaged"),
        (other_packing, "is packed as no packet is"),
    ],
)
async def test_an_archive_that_cannot_be_unpacked(
    planner: Session, ran: Ran, tmp_path: Path, made: Any, said: str
) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(made(ran))
    with pytest.raises(BadInput, match=said):
        await import_evidence(planner, path)
