"""What the Hub answers as tables: repositories found, and the model files of one."""

from __future__ import annotations

from collections.abc import Sequence

from weighbridge.domain.model.files import FileRow, HubView
from weighbridge.domain.model.hub import SearchRow
from weighbridge.domain.text import clean_line
from weighbridge.plain.texts.forecast import WORDS

UNKNOWN = "?"
"""Stands where nobody said a value."""
_GATES = {"": "open", "auto": "asks your terms", "manual": "asks the owner"}


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of equal length as lines; each column is as wide as its widest entry."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return ["  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def search_table(found: Sequence[SearchRow]) -> list[str]:
    """A heading, and one line a repository."""
    head = ("repository", "weights", "licence", "access", "downloads", "likes", "updated")
    return columns([head, *(_found(row) for row in found)])


def search_labels(found: Sequence[SearchRow]) -> list[str]:
    """One line a repository, for a numbered list."""
    return search_table(found)[1:]


def _found(row: SearchRow) -> tuple[str, ...]:
    cells = (
        row.repo,
        count(row.n_params),
        row.licence or UNKNOWN,
        _GATES[row.gate],
        count(row.downloads),
        count(row.likes),
        row.last_modified[:10] or UNKNOWN,
    )
    return tuple(clean_line(cell, 120) for cell in cells)


def count(number: int | None) -> str:
    """A count in three figures: 135M, 1.5B, 840."""
    if number is None:
        return UNKNOWN
    for size, unit in ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "k")):
        if number >= size:
            return f"{number / size:.3g}{unit}" if number < 999.5 * size else f"{number / size:.0f}{unit}"
    return str(number)


def files_table(view: HubView) -> list[str]:
    """A heading, one line a model file, and which is recommended for this machine.

    Needs are by the formula, with one header for all files: a forecast of one file knows better.
    """
    head = ("file", "quantization", "on disk", "needs about", "verdict", "")
    lines = columns([head, *(_file(row, view) for row in view.rows)])
    return [*lines, advice(view)]


def files_labels(view: HubView) -> list[str]:
    """One line a file, for a numbered list."""
    return columns([_file(row, view) for row in view.rows])


def advice(view: HubView) -> str:
    """Which file is recommended, and why; or why none is."""
    reason = clean_line(view.reason)
    if not view.recommended:
        return reason or "None is recommended."
    return f"Recommended: {clean_line(view.recommended)}" + (f" ({reason})" if reason else "")


def about(view: HubView) -> str:
    """Repository, commit, and when the Hub said so."""
    kept = ", kept from then" if view.from_cache else ""
    return f"{clean_line(view.repo)} at commit {view.revision} (read {view.fetched_at}{kept})"


def _file(row: FileRow, view: HubView) -> tuple[str, ...]:
    file = row.file
    return (
        clean_line(file.name, 120),
        clean_line(file.label) or UNKNOWN,
        _mib(file.size_bytes),
        _mib(row.need_bytes),
        WORDS[row.verdict] if file.choosable else "unusable",
        "recommended" if file.name == view.recommended else clean_line(file.problem),
    )


def _mib(size: int | None) -> str:
    return UNKNOWN if size is None else f"{size / 2**20:,.0f} MiB"
