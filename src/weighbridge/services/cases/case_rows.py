"""Rows of a JSONL, JSON or CSV file as plain data, each with its place in the file; what is no row is named.

A file is read whole: 100,000 rows of a few hundred bytes are some ten megabytes.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from weighbridge.domain.problems import BadInput
from weighbridge.domain.text import clean_line

MAX_BYTES = 256 * 2**20
DELIMITERS = ",;\t|"
_ENCODING = "Save it as UTF-8 (in a spreadsheet: CSV UTF-8)."


@dataclass(frozen=True)
class Row:
    """One row: its number (from 1), its place for a person (`line 7`), and its cells by their names."""

    number: int
    place: str
    cells: dict[str, Any]


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be taken, with the reason in one sentence."""

    place: str
    reason: str

    @property
    def sentence(self) -> str:
        return f"{self.place}: {self.reason}"


@dataclass
class Rows:
    """What a file holds."""

    good: list[Row] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)


def read_rows(path: Path, known: Sequence[str]) -> Rows:
    """The rows of a file: JSON lines or one JSON array, else CSV. BadInput where it is neither, or holds none.

    `known`: names of columns. Of comma, semicolon, tab and bar that one parts the cells of a CSV file by which its
    first line holds most of them: csv.Sniffer guesses from all text, and errs on prose with commas and quotes.
    """
    name = clean_line(str(path))
    text = _text(path, name)
    start = text.lstrip()[:1]
    rows = Rows()
    if start == "[":
        found = _array(text, name)
    elif start == "{":
        found = _json_lines(text)
    else:
        found = _csv(text, name, known)
    for one in found:
        if isinstance(one, Row):
            rows.good.append(one)
        else:
            rows.bad.append(one)
    if not rows.good and not rows.bad:
        raise BadInput(f"{name} holds no rows.", "It needs a row for each case.")
    return rows


def _text(path: Path, name: str) -> str:
    """The text, without its byte order mark. BadInput names the line of a byte that is not UTF-8."""
    if not os.path.isfile(path):
        raise BadInput(f"There is no file {name}.", "Check the path.")
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadInput(f"{name} is larger than {MAX_BYTES >> 20} MiB.", "Cut it into several files.")
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{name} cannot be read: {clean_line(error.strerror or '')}.") from None
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise BadInput(f"{name} is UTF-16 text.", _ENCODING)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadInput(f"{name}, line {line}: not UTF-8 text.", _ENCODING) from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return made


def _why(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, json.JSONDecodeError):
        return f"not valid JSON: {clean_line(error.msg)} at column {error.colno}"
    return f"not valid JSON: {clean_line(str(error))}"


def _json_lines(text: str) -> Iterator[Row | BadRow]:
    number = 0
    for at, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        number += 1
        try:
            value = json.loads(line, object_pairs_hook=_once)
        except (ValueError, RecursionError) as error:
            yield BadRow(f"line {at}", _why(error))
            continue
        yield _row(number, f"line {at}", value)


def _array(text: str, name: str) -> Iterator[Row | BadRow]:
    try:
        values = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        at = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise BadInput(
            f"{name}{at}: {_why(error)}.", "It is to be one array of objects, or an object a line."
        ) from None
    for number, value in enumerate(values, 1):
        yield _row(number, f"row {number}", value)


def _row(number: int, place: str, value: Any) -> Row | BadRow:
    if not isinstance(value, dict):
        return BadRow(place, f"{clean_line(json.dumps(value), 60)} is not an object")
    return Row(number, place, value)


def _csv(text: str, name: str, known: Sequence[str]) -> Iterator[Row | BadRow]:
    if not text.strip():
        return
    before = csv.field_size_limit(max(len(text), 1 << 17))
    try:
        yield from _records(text, name, known)
    finally:
        csv.field_size_limit(before)


def _records(text: str, name: str, known: Sequence[str]) -> Iterator[Row | BadRow]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text, known), strict=True)
    header: list[str] = []
    number, line = 0, 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield BadRow(f"line {line}", _csv_words(error))
            number += 1
            line = reader.line_num + 1
            continue
        here, line = line, reader.line_num + 1
        if not any(cell.strip() for cell in cells):
            continue
        if not header:
            header = _header(cells, name)
            continue
        number += 1
        if len(cells) != len(header):
            yield BadRow(f"line {here}", f"{len(cells)} cells, and the first line names {len(header)} columns")
        else:
            yield Row(number, f"line {here}", dict(zip(header, cells, strict=True)))


def _csv_words(error: csv.Error) -> str:
    if "unexpected end" in str(error):
        return "a quote is opened here and not closed before the end of the file"
    return f"not valid CSV: {clean_line(str(error))}"


def _header(cells: list[str], name: str) -> list[str]:
    names = [cell.strip() for cell in cells]
    twice = next((one for one in names if one and names.count(one) > 1), None)
    if twice is not None:
        raise BadInput(f"{name}, line 1: the column {clean_line(twice, 60)!r} stands twice.", "Rename one of them.")
    return names


def _delimiter(text: str, known: Sequence[str]) -> str:
    """The sign that parts the cells, by the names of columns that the first line then holds."""
    first = text.lstrip().partition("\n")[0].strip()[:10_000]

    def named(sign: str) -> int:
        try:
            cells = next(csv.reader([first], delimiter=sign))
        except (csv.Error, StopIteration):
            return 0
        return sum(cell.strip().lower() in known for cell in cells)

    return max(DELIMITERS, key=named)
