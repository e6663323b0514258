"""What Textual's SVG of a screen says, as plain text."""

from __future__ import annotations

import html
import re

from rich.cells import cell_len


def without_fonts(svg: str) -> str:
    return re.sub(r"@font-face\s*\{.*?\}", "", svg, flags=re.DOTALL)


CELL = re.compile(r'<text class="[^"]*-r\d+" x="([\d.]+)" y="([\d.]+)" textLength="[\d.]+"[^>]*>(.*?)</text>')


def svg_to_text(svg: str) -> str:
    """The same screen as plain text: Rich draws cells of 12.2 x 24.4 units, the first baseline at 20."""
    rows: dict[int, list[tuple[int, str]]] = {}
    for x, y, body in CELL.findall(svg):
        text = html.unescape(body).replace("\xa0", " ")
        rows.setdefault(round((float(y) - 20) / 24.4), []).append((round(float(x) / 12.2), text))
    out = []
    for row in range(max(rows, default=-1) + 1):
        line = ""
        for column, text in sorted(rows.get(row, [])):
            line += " " * (column - cell_len(line)) + text
        out.append(line.rstrip())
    return "\n".join(out) + "\n"
