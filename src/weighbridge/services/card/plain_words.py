"""Markdown and HTML of a model card as plain words: for showing and quoting, never to be parsed again."""

from __future__ import annotations

import re
from collections.abc import Iterable

from weighbridge.domain.text import clean_line

MAX_TEXT = 600
MAX_QUOTE = 300
_SEEN = 12_000
"""Characters of a section that are looked at."""

_PICTURE = re.compile(r"!\[[^\]\n]{0,300}\]\([^)\n]{0,1000}\)")
_LINK = re.compile(r"\[([^\]\n]{1,300})\]\([^)\n]{0,1000}\)")
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,500}>")
_MARKS = re.compile(r"\*\*|__|(?<![\w*])[*_](?=\w)|(?<=[\w.,!?])[*_](?![\w*])|`+|^[ \t]*(?:>[ \t]?)+", re.MULTILINE)
_RULE_LINE = re.compile(r"^[ \t]*([-*_=])[ \t]*(?:\1[ \t]*){2,}$", re.MULTILINE)
_SENTENCE = re.compile(r"(?<=[.!?])\s|(?<=[。！？])")


def without_comments(text: str) -> str:
    """Text without `<!-- -->`; one that is not closed runs to the end. Line ends in comments stay."""
    parts: list[str] = []
    at = 0
    while (start := text.find("<!--", at)) >= 0:
        end = text.find("-->", start + 4)
        stop = len(text) if end < 0 else end + 3
        parts += (text[at:start], "\n" * text.count("\n", start, stop))
        at = stop
    return "".join(parts) + text[at:]


def plain_words(lines: Iterable[str], limit: int = MAX_TEXT) -> str:
    """One line of at most `limit` characters."""
    kept: list[str] = []
    size = 0
    for line in lines:
        kept.append(line[: _SEEN - size])
        size += len(line) + 1
        if size >= _SEEN:
            break
    text = _RULE_LINE.sub("", without_comments("\n".join(kept)))
    text = _TAG.sub(" ", _LINK.sub(r"\1", _PICTURE.sub("", text)))
    return clean_line(_MARKS.sub("", text), limit)


def first_words(text: str) -> str:
    """The first sentences of plain words that fit a quote."""
    if len(text) <= MAX_QUOTE:
        return text
    fitting = [match.start() for match in _SENTENCE.finditer(text, 0, MAX_QUOTE)]
    return text[: fitting[-1]].rstrip() if fitting else clean_line(text, MAX_QUOTE)
