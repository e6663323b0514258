"""Text from outside, made safe for a terminal at the boundary where it enters."""

from __future__ import annotations

import unicodedata

_REPLACEMENT = "\ufffd"
_LINE_ENDS = {0x85: "\n", 0x2028: "\n", 0x2029: "\n"}
_KEPT_FORMAT = {"\u200c", "\u200d"}
"""Zero-width (non-)joiners: scripts and joined emoji need them."""


_MOST_KEPT = 20_000


class _Safe(dict[int, "str | int"]):
    """A table for `str.translate` that is filled as characters are met, up to a bound: text of any script is fast."""

    def __missing__(self, code: int) -> str | int:
        shown = _shown(code)
        if len(self) < _MOST_KEPT:
            self[code] = shown
        return shown


def _shown(code: int) -> str | int:
    char = chr(code)
    if char in "\n\t" or char in _KEPT_FORMAT:
        return code
    if code < 0x20:
        return 0x2400 + code
    if code == 0x7F:
        return "\u2421"
    if code in _LINE_ENDS:
        return _LINE_ENDS[code]
    return _REPLACEMENT if unicodedata.category(char) in ("Cc", "Cf", "Cs") else code


_SAFE = _Safe()


def clean(text: str, limit: int = 200_000) -> str:
    """Text with terminal escapes, bidirectional overrides and invisible characters made visible.

    Control characters become their pictures (ESC is shown as ␛), other format characters U+FFFD; line ends
    become `\\n`. At most `limit` characters are kept. The result never moves a cursor or starts an escape.
    """
    text = text[: 2 * limit].replace("\r\n", "\n").replace("\r", "\n")
    if text.isascii() and text.isprintable():
        return text[:limit]
    return text.translate(_SAFE)[:limit]


def clean_line(text: str, limit: int = 300) -> str:
    """One line of safe text: line ends and runs of white space become single spaces."""
    line = " ".join(clean(text, limit * 4).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
