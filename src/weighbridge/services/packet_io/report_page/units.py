"""Values as words: one unit a kind of figure, and outside text that is safe, and no longer than the page can bear."""

from __future__ import annotations

from typing import Any

from weighbridge.domain.proof.noise import Noise
from weighbridge.domain.text import clean, clean_line
from weighbridge.services.packet_io.report_page.view import Cell, Field, Said

NOT_MEASURED = "not measured"
LINE = 600
"""Characters kept of one line of outside text."""
MIB = 2**20
_SIZES = ("host_memory_capacity", "model_size", "size_bytes")
_COUNTS = ("model_n_params", "n_params")


def line(text: str, limit: int = LINE) -> str:
    """Outside text as one line; control and bidirectional characters are made visible."""
    return clean_line(text, limit)


def cut(text: str, limit: int, whole: str) -> str:
    """Outside text as one line of at most `limit` characters, with a word where the whole is."""
    shown = clean_line(text, limit)
    return f"{shown} ({whole} has the whole)" if shown.endswith("…") and not text.endswith("…") else shown


def words(text: str, limit: int = LINE) -> str:
    """A sentence of the program as one line: what it sets in backticks for a terminal stands in quotes."""
    return line(text, limit).replace("`", '"')


def contended(noise: Noise | None) -> str:
    """What to know of every time on a busy machine; else empty."""
    if noise is None or noise.mark != "contended":
        return ""
    return "Contended: these times are not those of a quiet machine."


def said(label: str, text: str, limit: int, whole: str) -> Said:
    """A text of several lines, cut at `limit` characters. `whole`: the file that has all of it."""
    shown = clean(text, limit) if text else "(nothing)"
    left = len(text) - limit
    return Said(label, shown, f"Cut here: {left:,} more characters are in {whole}." if left > 0 else "")


def mib(size: int | None) -> str:
    """Bytes as MiB; those that no float holds stay bytes."""
    if size is None:
        return NOT_MEASURED
    try:
        return f"{size / MIB:,.1f} MiB"
    except OverflowError:
        return f"{size:,} bytes"


def seconds(value: float | None) -> str:
    return NOT_MEASURED if value is None else f"{value:,.3f} s"


def milliseconds(value: float | None) -> str:
    return NOT_MEASURED if value is None else f"{value * 1000:,.1f} ms"


def rate(value: float | None) -> str:
    return NOT_MEASURED if value is None else f"{value:,.1f} tokens/s"


def percent(value: float) -> str:
    """With its sign, where it is not nothing."""
    shown = f"{value:+.1f} %"
    return "0.0 %" if shown in ("+0.0 %", "-0.0 %") else shown


def number(text: str) -> Cell:
    """A figure, or that it was not measured."""
    return Cell(text, "unmeasured" if text == NOT_MEASURED else "number")


def bare(text: str) -> Cell:
    """A figure without its unit, which stands in the head of the column."""
    return number(text.removesuffix(" MiB").removesuffix(" tokens/s").removesuffix(" s"))


def plain(value: Any) -> str:
    """A value of a record as words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.3f}".rstrip("0").rstrip(".")
    if isinstance(value, list | tuple):
        return line(", ".join(str(one) for one in value))
    return line(str(value))


def fields(values: dict[str, Any], missing: dict[str, str]) -> tuple[Field, ...]:
    """The fields of a record; one without a value says why."""
    return tuple(
        Field(name, f"missing: {line(missing.get(name, 'no reason is on record'))}", "absent")
        if value is None
        else Field(name, _named(name, value) or "none")
        for name, value in values.items()
    )


def _named(name: str, value: Any) -> str:
    """A value of a field: sizes with their unit, large counts so that they can be read."""
    if name in _SIZES and isinstance(value, int):
        return f"{value:,} bytes, {mib(value)}"
    return f"{value:,}" if name in _COUNTS and isinstance(value, int) else plain(value)
