"""Whether the words that a fact quotes stand in the model card, near the line that it names.

Strict about words, tolerant about marks: pictures, comments, HTML tags, code blocks and targets of links may be left
out of the card, and the characters of Markdown count on neither side.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from weighbridge.services.packet_io.redact import TOKENS

BEFORE, AFTER = 200, 400
"""Lines of the card that are searched around the named one: the quote of a section may follow a long table."""
MOST = 16_000
"""Characters that are searched before and behind it: a hostile card has lines of some MB."""
_LEFT_OUT = re.compile(r"<!--.*?(?:-->|\Z)|!\[[^\]\n]{0,300}\]\([^)\n]{0,1000}\)|</?[A-Za-z][^<>]{0,500}>", re.DOTALL)
_FENCED = re.compile(r"^ {0,3}(?P<mark>```+|~~~+).*?(?:^ {0,3}(?P=mark)[`~]*[ \t]*$|\Z)", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\[([^\]\n]{0,300})\]\([^)\n]{0,1000}\)")
_MARKS = str.maketrans("", "", "*_`>|#~\\")
_RULE = re.compile(r"[-=:+]+")
_FOLDER = re.compile(r"\\\[(?:home|(?:run|data|model)\\ folder)\\\]")
"""What stands for a folder of the writer's machine, in the pattern of a quote."""
REDACTED = re.compile(r"\[(?:credential|home|(?:run|data|model) folder)\]")


def stands_in(quote: str, lines: Sequence[str], line: int) -> bool:
    """`lines`: the card as it is read; `line`: from 1. A quote that ends in `…` may end within a word."""
    if not 1 <= line <= len(lines):
        return False
    words = _plain(quote.removesuffix("…"))
    if not words:
        return bool(quote) and quote in " ".join(_after(lines, line - 1).split())
    start = r"(?<!\w)" if words[0].isalnum() else ""
    end = r"(?!\w)" if words[-1].isalnum() and not quote.endswith("…") else ""
    pattern = re.compile(start + _FOLDER.sub(r"(?:/|[A-Za-z]:)[^\\s]*?", re.escape(words)) + end)
    return any(pattern.search(form) for form in _forms(lines, line - 1))


def _after(lines: Sequence[str], at: int) -> str:
    return "\n".join(lines[at : at + AFTER])[:MOST]


def _forms(lines: Sequence[str], at: int) -> Iterator[str]:
    """The words around a line: from that line on and from before it, with and without what is not shown."""
    before, after = "\n".join(lines[max(0, at - BEFORE) : at])[-MOST:], _after(lines, at)
    for window in (after, f"{before}\n{after}"):
        for text in (window, _FENCED.sub("", window)):
            yield _plain(_LINK.sub(r"\1", _LEFT_OUT.sub(" ", text)))
        yield _plain(window)


def _plain(text: str) -> str:
    """The words of a text. Rules, underlines of headings and bullets are none."""
    words = TOKENS.sub("[credential]", text).translate(_MARKS).split()
    return " ".join(word for word in words if not _RULE.fullmatch(word))
