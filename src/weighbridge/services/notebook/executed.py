"""A notebook as it ran: whether it is ours, unedited, and ran through; and the packet that it holds."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from weighbridge.domain.problems import BadInput
from weighbridge.domain.text import clean_line
from weighbridge.services.notebook.build import CELLS, MARK, source_digest

PACKET = "application/vnd.weighbridge.packet+zip"
END = "application/vnd.weighbridge.end+json"
MAX_BYTES = 256 << 20
MAX_OUTPUTS = 5_000
"""Each is checked by the format's schema, which takes its time."""
_AN_OUTPUT = '"output_type"'
"""In JSON a key alone is written so: within a text the marks are escaped."""
_UNEDITED = "Take the notebook as `weighbridge notebook` wrote it, and run all of it again."
_AGAIN = "Repair what the cell says, choose Runtime > Run all, and take the notebook as it ran then."


@dataclass(frozen=True)
class Executed:
    """`packed`: the packet's archive. `sha256`: of the notebook's file. `end`: what its last cell told, as it did."""

    packed: bytes
    sha256: str
    end: Mapping[str, str]


def read_executed(data: bytes, name: str) -> Executed:
    """BadInput, in one sentence, for a file that is no notebook, that was edited, failed, or did not get to its end."""
    if len(data) > MAX_BYTES:
        raise BadInput(f"{name} has more than {MAX_BYTES >> 20} MiB: that is no notebook of weighbridge.")
    notebook = _parsed(data, name)
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    _require_through(cells, name)
    _require_unedited(notebook, cells, name)
    packed = _newest(cells, PACKET)
    if not isinstance(packed, str):
        raise BadInput(f"{name} holds no packet: it did not run to its cell 6.", _AGAIN)
    try:
        archive = base64.b64decode("".join(packed.split()), validate=True)
    except (binascii.Error, ValueError):
        raise BadInput(f"{name} holds a packet that is damaged.", "Take the notebook or the .zip anew.") from None
    end = _object(_newest(cells, END))
    told = {key: clean_line(value, 200) for key, value in end.items() if isinstance(value, str)}
    return Executed(archive, hashlib.sha256(data).hexdigest(), told)


def _parsed(data: bytes, name: str) -> dict[str, Any]:
    """The notebook in form 4, valid by the format's own schema."""
    import nbformat

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            text = data.decode("utf-8")
            if text.count(_AN_OUTPUT) > MAX_OUTPUTS:
                raise BadInput(f"{name} has more than {MAX_OUTPUTS:,} outputs: weighbridge's notebooks have a few.")
            notebook: dict[str, Any] = nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]
            nbformat.validate(notebook)
    except (nbformat.ValidationError, nbformat.reader.NotJSONError, ValueError, LookupError, TypeError, AttributeError):
        raise BadInput(f"{name} is not a notebook, or it is damaged.", "Save it once more, whole.") from None
    except RecursionError:
        raise BadInput(f"{name} is not a notebook: it is nested beyond all measure.") from None
    return notebook


def _require_through(cells: list[dict[str, Any]], name: str) -> None:
    """BadInput names the first cell that failed. A service's exit code says nothing: the outputs do."""
    for number, cell in enumerate(cells, 1):
        for output in cell["outputs"]:
            if output["output_type"] == "error":
                said = clean_line(f"{output['ename']}: {output['evalue']}", 200)
                raise BadInput(f"{name} failed in the middle, in {_called(cell, number)}: {said}", _AGAIN)


def _require_unedited(notebook: dict[str, Any], cells: list[dict[str, Any]], name: str) -> None:
    """BadInput names every cell whose text is not the one that was written. Parameters may be others."""
    mark = notebook["metadata"].get(MARK)
    told = mark.get("cells") if isinstance(mark, dict) else None
    if not isinstance(told, dict) or not told:
        raise BadInput(f"{name} is not a notebook that weighbridge wrote.", _UNEDITED)
    wrong = list(_edits(told, cells))
    if wrong:
        raise BadInput(f"{name} was edited after it was written: {clean_line(', '.join(wrong), 300)}.", _UNEDITED)


def _edits(told: Mapping[str, Any], cells: list[dict[str, Any]]) -> Iterator[str]:
    """What is otherwise than told. A service may give cells other ids: then the text alone tells which one it is."""
    lacking, found = dict(told), list[str]()
    for number, cell in enumerate(cells, 1):
        digest, tags = source_digest(cell["source"]), cell["metadata"].get("tags", [])
        names = [name for name in (cell.get("id"), cell["metadata"].get("id")) if isinstance(name, str)]
        known = next((key for key in names if key in lacking), None)
        known = known or next((key for key, value in lacking.items() if value == digest), None)
        if known is not None:
            found.append(known)
            if lacking.pop(known) != digest:
                yield f"{_called(cell, number)} is another one"
        elif cell["source"].strip() and not {"parameters", "injected-parameters"} & set(tags):
            yield f"{_called(cell, number)} was added"
    for key in lacking:
        yield f"the cell {key} is gone"
    if [name for name in CELLS if name in found] != [name for name in found if name in CELLS]:
        yield "its cells are in another order"


def _called(cell: dict[str, Any], number: int) -> str:
    """A cell by its place among the code cells, and its title."""
    first = cell["source"].lstrip().partition("\n")[0]
    title = clean_line(first.removeprefix("# @title").strip(), 60) if first.startswith("# @title") else ""
    return f"code cell {number} ({title})" if title else f"code cell {number}"


def _newest(cells: list[dict[str, Any]], mime: str) -> Any:
    """The last output of that kind; None where there is none."""
    found = [output["data"][mime] for cell in cells for output in cell["outputs"] if mime in output.get("data", {})]
    value = found[-1] if found else None
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value


def _object(value: Any) -> dict[str, Any]:
    """A JSON object, which a service may keep as text; an empty one where it is none."""
    try:
        made = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return {}
    return made if isinstance(made, dict) else {}
