"""What is no packet, no notebook, or was not left as it ran: one sentence each, and the run stays as it was."""

from __future__ import annotations

import base64
import io
import json
import shutil
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ran_notebook import Ran, cell_of, executed, packed

from weighbridge.domain.problems import BadInput, Problem
from weighbridge.services.notebook.executed import PACKET
from weighbridge.session import Session
from weighbridge.session.notebook.importing import Broken, import_evidence

Change = Callable[[dict[str, Any]], None]


async def refused(session: Session, file: Path, kind: type[Problem] = BadInput) -> str:
    """What is said, as one sentence; nothing of the run has changed, and nothing is left beside it."""
    before, there = session.run, sorted(path.name for path in session.folder.iterdir())
    with pytest.raises(kind) as told:
        await import_evidence(session, file)
    assert session.run is before and session.events() == ()
    assert sorted(path.name for path in session.folder.iterdir()) == there
    said = str(told.value)
    assert "\n" not in said and len(said) < 500
    return said


def error(name: str, message: str) -> dict[str, Any]:
    return {"output_type": "error", "ename": name, "evalue": message, "traceback": ["\x1b[31mline\x1b[0m"]}


def failed(notebook: dict[str, Any]) -> None:
    cell_of(notebook, "run")["outputs"] = [error("RuntimeError", "The run ended with exit code 4\x1b[2J")]


def edited(notebook: dict[str, Any]) -> None:
    cell_of(notebook, "run")["source"] += "\nprint('mine')"


def added(notebook: dict[str, Any]) -> None:
    notebook["cells"].insert(4, {**cell_of(notebook, "run"), "id": "mine", "metadata": {}, "source": "x = 1"})


def taken_out(notebook: dict[str, Any]) -> None:
    notebook["cells"] = [cell for cell in notebook["cells"] if cell["id"] != "model"]


def half(notebook: dict[str, Any]) -> None:
    cell_of(notebook, "packet")["outputs"] = []


def damaged(notebook: dict[str, Any]) -> None:
    cell_of(notebook, "packet")["outputs"][0]["data"][PACKET] = "AAAA!not base64"


def cut(notebook: dict[str, Any]) -> None:
    data = cell_of(notebook, "packet")["outputs"][0]["data"]
    data[PACKET] = base64.b64encode(base64.b64decode(data[PACKET])[:20_000]).decode()


def foreign(notebook: dict[str, Any]) -> None:
    del notebook["metadata"]["weighbridge"]


def reordered(notebook: dict[str, Any]) -> None:
    cells = notebook["cells"]
    cells[5], cells[6] = cells[6], cells[5]


def endless(notebook: dict[str, Any]) -> None:
    cell_of(notebook, "run")["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x"}] * 5_001


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (failed, "failed in the middle, in code cell 7 (5. Proof and eval): RuntimeError: The run ended with exit"),
        (edited, "was edited after it was written: code cell 7 (5. Proof and eval) is another one."),
        (added, "was edited after it was written: code cell 4 was added."),
        (reordered, "was edited after it was written: its cells are in another order."),
        (endless, "has more than 5,000 outputs"),
        (taken_out, "was edited after it was written: the cell model is gone."),
        (half, "holds no packet: it did not run to its cell 6."),
        (damaged, "holds a packet that is damaged."),
        (cut, "is not a zip archive, or it is damaged."),
        (foreign, "is not a notebook that weighbridge wrote."),
    ],
)
async def test_a_notebook_that_is_not_whole(
    planner: Session, ran: Ran, tmp_path: Path, change: Change, said: str
) -> None:
    path = tmp_path / "x.ipynb"
    path.write_bytes(executed(ran, change))
    told = await refused(planner, path)
    assert said in told and "\x1b" not in told


async def test_parameters_and_what_a_service_changes_are_no_edits(planner: Session, ran: Ran, tmp_path: Path) -> None:
    def as_saved_by_a_service(notebook: dict[str, Any]) -> None:
        cell_of(notebook, "parameters")["source"] = 'PACKAGE = ""\nFOLDER = "x"'
        extra = {**cell_of(notebook, "parameters"), "id": "new", "metadata": {"tags": ["injected-parameters"]}}
        notebook["cells"].insert(2, extra)
        for number, cell in enumerate(notebook["cells"]):
            cell["id"] = f"cell-{number}"
            cell["metadata"].pop("id", None)
            cell["source"] = "".join(cell["source"]).replace("\n", " \r\n") + "\n"

    path = tmp_path / "x.ipynb"
    path.write_bytes(executed(ran, as_saved_by_a_service))
    assert (await import_evidence(planner, path)).notebook is not None


def zipped(*entries: tuple[str, bytes], mode: int = stat.S_IFREG) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            info = zipfile.ZipInfo(name)
            info.external_attr = (mode | 0o644) << 16
            archive.writestr(info, data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is neither a packet nor a notebook"),
        (b"GIF89a", "is neither a packet nor a notebook"),
        (b"{", "is not a notebook, or it is damaged"),
        (b"{}", "is not a notebook, or it is damaged"),
        (b'{"cells": []}', "is not a notebook"),
        (b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": 7}', "is not a notebook, or it is damaged"),
        (b"{" + b'"a":[' * 100_000, "is not a notebook"),
        (b'{"a": "\xff"}', "is not a notebook, or it is damaged"),
        (b"PK\x03\x04" + b"\0" * 50, "is not a zip archive, or it is damaged"),
        (zipped(("readme.txt", b"x")), "holds no packet: there is no bagit.txt in it"),
        (zipped(("../../evil.txt", b"x")), "'../../evil.txt' has no place in a packet"),
        (zipped(("/etc/passwd", b"x")), "'/etc/passwd' has no place in a packet"),
        (zipped(("data\\..\\evil", b"x")), "has no place in a packet"),
        (zipped(("bagit.txt", b"/etc/passwd"), mode=stat.S_IFLNK), "'bagit.txt' is not a plain file"),
        (zipped(("data/big", b"\0" * (17 << 20))), "grows out of all measure"),
        (zipped(("bagit.txt", b"x"), ("BAGIT.TXT", b"y")), "'BAGIT.TXT' is there twice"),
        (zipped(*((f"f{n}", b"") for n in range(5_001))), "holds 5,001 files"),
    ],
)
async def test_files_that_are_no_evidence(planner: Session, tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "weighbridge-packet.zip"
    path.write_bytes(data)
    assert said in await refused(planner, path)
    assert not (tmp_path / "evil.txt").exists() and not (tmp_path.parent / "evil.txt").exists()


async def test_no_file_at_all(planner: Session, tmp_path: Path) -> None:
    assert "There is no file" in await refused(planner, tmp_path / "nothing.ipynb")
    assert "is not a packet" in await refused(planner, tmp_path)


async def test_a_packet_that_was_changed_does_not_verify(planner: Session, ran: Ran, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(ran.packet, copy)
    results = copy / "data" / "eval" / "results.jsonl"
    results.write_text(results.read_text().replace("answer", "anzwer"))
    assert "does not verify (manifest: " in await refused(planner, copy, Broken)
    archive = tmp_path / "more.zip"
    archive.write_bytes(packed(ran.packet, {"data/extra.txt": b"x"}))
    assert "does not verify" in await refused(planner, archive, Broken)


async def test_a_packet_of_this_machine_is_of_no_notebook(planner: Session, tmp_path: Path, local: Path) -> None:
    assert "was not measured in a notebook" in await refused(planner, local)


async def test_a_notebook_beyond_all_size(
    planner: Session, ran: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("weighbridge.services.notebook.executed.MAX_BYTES", 1 << 20)
    path = tmp_path / "x.ipynb"
    path.write_bytes(json.dumps({"a": "b" * (2 << 20)}).encode())
    assert "has more than 1 MiB" in await refused(planner, path)
