"""Long names in few cells: both ends stay, since names of packets differ at their ends."""

from __future__ import annotations

from rich.cells import cell_len, chop_cells


def middle(text: str, cells: int) -> str:
    """The text in at most `cells` cells (3 or more), with `…` for what is left out of its middle."""
    if cell_len(text) <= cells:
        return text
    kept = cells - 1
    begin = chop_cells(text, kept // 2)[0]
    end = chop_cells(text[::-1], kept - kept // 2)[0][::-1]
    return f"{begin}…{end}"
