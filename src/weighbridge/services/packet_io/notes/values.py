"""Figures as words for people: rounded, with their unit. The records have every digit."""

from __future__ import annotations

from typing import Any

from weighbridge.services.packet_io.markdown import cell

_UNITS = (("_tokens_per_s", " tokens/s"), ("_per_s", "/s"), ("_s", " s"), ("_bytes", " bytes"), ("_percent", " %"))
"""By how a figure's name ends; the first that fits."""
_DIGITS = 4
"""Significant digits of a figure below 1,000."""


def value_text(name: str, value: Any, absent: str) -> str:
    """A figure by its name. `absent`: what stands for none."""
    if value is None:
        return absent
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, int | float):
        return cell(str(value))
    unit = next((unit for end, unit in _UNITS if name.endswith(end)), "")
    return f"{_number(value)}{unit}"


def _number(value: float) -> str:
    """A whole number, or a large one, with separators; another with some significant digits."""
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{value:,}" if isinstance(value, int) else f"{value:,.0f}"
    return f"{value:.{_DIGITS}g}"
