"""Text from outside, made safe for a terminal at the boundary where it enters."""

from __future__ import annotations

import unicodedata

_REPLACEMENT = "\ufffd"
_LINE_ENDS = {0x85: "\n", 0x2028: "\n", 0x2029: "\n"}
_KEPT_FORMAT = {"\u200c", "\u200d"}
"""Zero-width (non-)joiners: scripts and joined emoji need them."""


def _safe(char: str) -> str:
    code = ord(char)
    if char in "\n\t" or char in _KEPT_FORMAT:
        return char
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if code in _LINE_ENDS:
        return _LINE_ENDS[code]
    return _REPLACEMENT if unicodedata.category(char) in ("Cc", "Cf", "Cs") else char


def clean(text: str, limit: int = 200_000) -> str:
    """Text with terminal escapes, bidirectional overrides and invisible characters made visible.

    Control characters become their pictures (ESC is shown as ␛), other format characters U+FFFD; line ends
    become `\\n`. At most `limit` characters are kept. The result never moves a cursor or starts an escape.
    """
    text = text[: 2 * limit].replace("\r\n", "\n").replace("\r", "\n")
    if text.isascii() and text.isprintable():
        return text[:limit]
    return "".join(map(_safe, text))[:limit]


def clean_line(text: str, limit: int = 300) -> str:
    """One line of safe text: line ends and runs of white space become single spaces."""
    line = " ".join(clean(text, limit * 4).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
