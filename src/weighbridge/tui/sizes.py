"""Where the layout changes: columns and rows of the terminal."""

from __future__ import annotations

NARROW_BELOW, SHORT_BELOW = 72, 24
"""Columns below which the rail gives way to the title bar, and rows below which the panels shrink."""
WIDE_FROM, HIGH_FROM = 110, 36
"""Columns and rows from which there is room to spare."""
