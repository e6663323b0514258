"""Words of a card's own licence sections that forbid commercial use, whatever its metadata says."""

from __future__ import annotations

import re
from collections.abc import Iterator

from weighbridge.domain.facts import Claim
from weighbridge.domain.text import clean_line
from weighbridge.services.card.plain_words import MAX_QUOTE, plain_words, without_comments
from weighbridge.services.card.reading import Reading
from weighbridge.services.card.sections import Section

NON_COMMERCIAL = "non-commercial"
"""The id in data/licences.toml of a licence of which no more is known than that."""

_SEEN_OF_A_LINE = 4_000
_HINT = re.compile(r"commercial|research|academic|personal|educational|\bnc\b|by-nc", re.IGNORECASE)
_DASH = "[-\u2010-\u2013 ]"
_FORBIDDING = re.compile(
    r"non|\bnot?\b|never|cannot|prohibit|forbid|exclu|only|solely|strictly|limited|restricted|\bnc\b", re.IGNORECASE
)
_BY_NC = re.compile(
    rf"(?:\bcc{_DASH}?by{_DASH}|\bby[-\u2010-\u2013])nc(?![a-z])"
    rf"(?:{_DASH}(?P<more>sa|nd)\b)?(?:[-/ ]?v?(?P<version>\d\.\d))?",
    re.IGNORECASE,
)
_NON = rf"non{_DASH}?commercial(?:ly)?"
_JOINED = r"(?:\s?[,/&]\s?|\s(?:and|or)\s|,\s(?:and|or)\s|\s?and/or\s|\sas well as\s)"
_BOTH = re.compile(
    rf"(?<!non-)(?<!non )\bcommercial(?:ly)?{_JOINED}{_NON}\b|\b{_NON}{_JOINED}commercial(?:ly)?\b", re.IGNORECASE
)
"""Both kinds of use, allowed alike."""
_PURPOSE = r"(?:research|academic|personal|educational)"
_FORBIDS = re.compile(
    rf"\b{_NON}\b"
    rf"|\b{_PURPOSE}(?:[- ](?:use|usage|purposes?|and|or|academic|educational|non))*[- ]only\b"
    rf"|\b(?:only|solely|exclusively|strictly|limited|restricted)\b[^.;]{{0,30}}\b(?:for|to)\s(?:\w+\s)?{_PURPOSE}\b"
    r"|\b(?:not?|never|cannot|prohibit(?:s|ed)?|forbid(?:s|den)?|excludes?)\b"
    r"(?:(?!restrict|limit|fee|only|royalt)[^.;]){0,40}\bcommercial(?:ly)?\b"
    r"|\bcommercial (?:use|usage|purposes?|applications?)\b[^.;]{0,25}"
    r"\b(?:not (?:allowed|permitted|granted)|prohibited|forbidden|excluded)\b",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?]\s")


def stricter(reading: Reading) -> Claim | None:
    """The first line under a heading or label on the licence that forbids commercial use.

    `value`: the Creative Commons id that it names, else `non-commercial`; `quote`: the sentence.
    """
    outline = reading.outline
    for what, sections in (("label", outline.labels), ("heading", outline.sections)):
        for section in sections:
            if "licence" in section.kinds:
                for number, value, quote in _said(reading, section):
                    source = (
                        f"{reading.place}, {what} '{section.title}', line {number}: its words forbid commercial use"
                    )
                    return Claim(value=value, source=source, quote=quote, line=number)
    return None


def _said(reading: Reading, section: Section) -> Iterator[tuple[int, str, str]]:
    """Line, value and quote. A sentence may go on in the next line."""
    start = section.line - 1 - reading.offset
    numbers = range(start, min(start + section.n_lines, len(reading.body)))
    fenced = reading.outline.fenced
    shown = "\n".join("" if n in fenced else reading.body[n][:_SEEN_OF_A_LINE] for n in numbers)
    lines = without_comments(shown).split("\n")
    for index, line in enumerate(lines):
        after = _goes_on(lines, index)
        raw = f"{line} {after}"
        if not line.strip() or not _HINT.search(raw) or not _FORBIDDING.search(raw):
            continue
        here, both = _words(line), f"{_words(line)} {_words(after)}".strip()
        found = _forbidden(both)
        if found and found.start() < len(here):
            yield start + index + reading.offset + 1, _value(found, both), _quote(both, found)
        elif linked := _BY_NC.search(line):
            yield start + index + reading.offset + 1, _value(linked, line), clean_line(linked[0])


def _goes_on(lines: list[str], index: int) -> str:
    """The next line where it belongs to the same paragraph."""
    after = lines[index + 1] if index + 1 < len(lines) else ""
    return "" if after.lstrip()[:1] in ("", "#", "|", "-", "*", "+", "<", "`", ">", "=") else after


def _words(line: str) -> str:
    return plain_words([line], _SEEN_OF_A_LINE)


def _forbidden(text: str) -> re.Match[str] | None:
    by_nc = _BY_NC.search(text)
    return by_nc or _FORBIDS.search(_BOTH.sub(lambda both: "x" * len(both[0]), text))


def _value(found: re.Match[str], text: str) -> str:
    if found.re is not _BY_NC:
        return NON_COMMERCIAL
    return "-".join(filter(None, ("cc-by-nc", (found["more"] or "").lower(), found["version"])))


def _quote(text: str, found: re.Match[str] | None) -> str:
    """The sentence around what was found, or what fits of it."""
    at = found.start() if found else 0
    ends = [end.end() for end in _SENTENCE_END.finditer(text, 0, at)]
    start = ends[-1] if ends else 0
    if at - start > MAX_QUOTE // 2:
        start = text.rfind(" ", start, at - MAX_QUOTE // 3) + 1
    stop = _SENTENCE_END.search(text, found.end() if found else 0)
    return clean_line(text[start : stop.start() + 1 if stop else len(text)], MAX_QUOTE)
