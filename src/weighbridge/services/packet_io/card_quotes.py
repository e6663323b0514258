"""Whether the words that a fact quotes stand in the model card, near the line that it names.

Strict about words, tolerant about marks: pictures, comments, HTML tags and targets of links are left out of the card,
and the characters of Markdown count on neither side.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from weighbridge.services.packet_io.redact import TOKENS

BEFORE, AFTER = 200, 400
"""Lines of the card that are searched around the one that is named: the quote of a section may follow a long table."""
_LEFT_OUT = re.compile(r"<!--.*?-->|!\[[^\]\n]*\]\([^)\n]*\)|</?[A-Za-z][^<>]{0,500}>", re.DOTALL)
_LINK = re.compile(r"\[([^\]\n]*)\]\([^)\n]*\)")
_MARKS = str.maketrans("", "", "*_`>|#~\\")
_FOLDER = re.compile(r"\\\[(?:home|(?:run|data|model)\\ folder)\\\]")
"""What stands for a folder of the writer's machine, in the pattern of a quote."""


REDACTED = re.compile(r"\[(?:credential|home|(?:run|data|model) folder)\]")


def stands_in(quote: str, lines: Sequence[str], line: int) -> bool:
    """`lines`: the card as it is read; `line`: from 1. A quote that ends in `…` may end within a word."""
    if not 1 <= line <= len(lines):
        return False
    window = "\n".join(lines[max(0, line - 1 - BEFORE) : line + AFTER])
    words = _plain(quote.removesuffix("…"))
    if not words:
        return False
    start = r"(?<!\w)" if words[0].isalnum() else ""
    end = r"(?!\w)" if words[-1].isalnum() and not quote.endswith("…") else ""
    pattern = re.compile(start + _FOLDER.sub(r"(?:/|[A-Za-z]:)[^\\s]*?", re.escape(words)) + end)
    forms = (_plain(_LINK.sub(r"\1", _LEFT_OUT.sub(" ", window))), _plain(window))
    return any(pattern.search(form) for form in forms)


def _plain(text: str) -> str:
    return " ".join(TOKENS.sub("[credential]", text).translate(_MARKS).split())
