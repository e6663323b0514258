"""Figures as a person reads them: a unit each, and a dash where nothing was measured."""

from __future__ import annotations

UNKNOWN = "–"


def mib(size: float | None) -> str:
    """Bytes as MiB."""
    return UNKNOWN if size is None else f"{size / 2**20:,.0f} MiB"


def size_words(size: int | None) -> str:
    """Bytes for a narrow column: MiB below one GiB, then GiB with one digit."""
    return mib(size) if size is None or size < 2**30 else f"{size / 2**30:,.1f} GiB"


def seconds(value: float | None) -> str:
    """Seconds with two digits below one minute, none above."""
    if value is None:
        return UNKNOWN
    return f"{value:.2f} s" if value < 60 else f"{value:,.0f} s"


def elapsed(value: float) -> str:
    """A running clock: tenths of a second."""
    return f"{value:.1f} s" if value < 60 else f"{int(value) // 60} min {int(value) % 60:02d} s"


def millis(value: float | None) -> str:
    """Seconds as milliseconds; three digits of a small one."""
    if value is None:
        return UNKNOWN
    return f"{value * 1000:.1f} ms" if value < 0.01 else f"{value * 1000:,.0f} ms"


def rate(value: float | None) -> str:
    """Tokens per second."""
    return UNKNOWN if value is None else f"{value:,.1f} tok/s"


def percent(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:.0f} %"


def number(value: float | None, digits: int = 0) -> str:
    return UNKNOWN if value is None else f"{value:,.{digits}f}"


def count(value: int | None) -> str:
    """A large count in few digits: 494M, 1.5B, 12.3k."""
    if value is None:
        return UNKNOWN
    for unit, sign in ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "k")):
        if value >= 0.9995 * unit:
            return f"{value / unit:.{0 if value >= 100 * unit else 1}f}".removesuffix(".0") + sign
    return str(value)
