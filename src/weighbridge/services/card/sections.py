"""Sections of a model card: text under headings, and under the bold words that some cards use instead.

markdown-it-py finds the blocks, so that `# pip install` in a code fence is no heading. Only rules that never nest
are asked, no inline text is parsed, and paragraphs that hold no structure are not even shown to it: the time is
linear in the number of lines, whatever they hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from weighbridge.services.card.headings import Kind, kinds_of
from weighbridge.services.card.plain_words import plain_words

if TYPE_CHECKING:
    from markdown_it.token import Token

MAX_TITLE = 120
MAX_SECTIONS = 200
"""Sections that speak of a field: more than any card has."""
_RULES = ("code", "fence", "hr", "html_block", "heading", "lheading", "paragraph")
_RUN_IN_LEVEL = 7
_BOLD = r"(?P<mark>\*\*|__)(?P<title>[^*_\n]{3,60}?)(?P=mark)(?P<colon>[ \t]*:)?"
_RUN_IN = re.compile(rf" {{0,3}}{_BOLD}")
_LABEL = re.compile(rf" {{0,3}}[-*+][ \t]+{_BOLD}")
_PLAIN = re.compile(r" {0,3}(?:[-*+] +|> ?)?[^\s#`~<=*_+>-][^>]*\Z")
"""A line that opens and closes no block, and no bold words begin it."""
_NO_TITLE = re.compile(r"[-*+>|]|\d{1,9}[.)]")


class Section(NamedTuple):
    """`line`: of the heading, from 1. `kinds`: what the heading, or with `inherited` one above it, speaks of.

    `text`: plain words up to the next heading, at most 600 characters. `n_lines`: lines up to there, the heading's too.
    """

    title: str
    line: int
    kinds: frozenset[Kind]
    text: str
    inherited: bool = False
    n_lines: int = 1


@dataclass(frozen=True, slots=True)
class Outline:
    """`labels`: list items such as `- **License:** MIT`. `fenced`: indices of lines in code fences."""

    sections: tuple[Section, ...]
    labels: tuple[Section, ...]
    fenced: frozenset[int]


class _Head(NamedTuple):
    level: int
    title: str
    start: int
    text_start: int
    rest: str = ""
    """What stands behind the bold words of a run-in, on their line."""


def outline(lines: Sequence[str], offset: int) -> Outline:
    """Sections of a card's body. `offset`: how many lines of the card stand before it."""
    heads: list[_Head] = []
    labels: list[Section] = []
    fenced: set[int] = set()
    shown = _structure(lines)
    tokens = _blocks([lines[number] for number in shown])
    shown.append(len(lines))
    for index, token in enumerate(tokens):
        first, behind = token.map or (0, 0)
        start, end = shown[first], shown[behind - 1] + 1
        if token.type == "heading_open":
            heads += _heading(token, tokens[index + 1].content, start, end)
        elif token.type == "paragraph_open":
            heads += _run_ins(lines, start, end)
            labels += _labels(lines, start, end, offset)
        elif token.type == "fence":
            fenced.update(range(start, end))
    return Outline(tuple(_sections(lines, heads, fenced, offset)), tuple(labels), frozenset(fenced))


def _structure(lines: Sequence[str]) -> list[int]:
    """Indices of the lines that can matter: not those of paragraphs whose every line is plain words.

    The last line is always among them, so that a fence that nothing closes reaches it.
    """
    kept: list[int] = []
    start = 0
    for number in range(len(lines) + 1):
        if number < len(lines) and lines[number].strip(" \t"):
            continue
        if not all(map(_PLAIN.match, lines[start:number])):
            kept += range(start, min(number + 1, len(lines)))
        start = number + 1
    return kept if kept[-1:] == [len(lines) - 1] else [*kept, len(lines) - 1]


def _blocks(lines: Sequence[str]) -> list[Token]:
    """Block tokens with their lines. Of a long line the two ends are enough: no heading is that long."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark")
    parser.block.ruler.enableOnly(list(_RULES))
    tokens: list[Token] = []
    short = (line if len(line) <= 400 else f"{line[:300]} {line[-99:]}" for line in lines)
    parser.block.parse("\n".join(short), parser, {}, tokens)
    return tokens


def _heading(token: Token, content: str, start: int, end: int) -> Iterator[_Head]:
    """A setext heading of several lines, or of a list item, is text above a rule that its author meant."""
    if token.markup in ("=", "-") and (end - start != 2 or len(content) > MAX_TITLE or _NO_TITLE.match(content)):
        return
    yield _Head(int(token.tag[1]), content, start, end)


def _title(text: str) -> str:
    return plain_words([text[:400]])[:MAX_TITLE].strip(" *_:#")


def _run_ins(lines: Sequence[str], start: int, end: int) -> Iterator[_Head]:
    """Bold words that open a paragraph, or a line of it where a colon follows them."""
    for number in range(start, end):
        match = _RUN_IN.match(lines[number])
        if match is None or match["title"].rstrip()[-1:] in ("", ".", "!", "?", ","):
            continue
        if number == start or match["colon"] or match["title"].endswith(":"):
            rest = lines[number][match.end() :]
            yield _Head(_RUN_IN_LEVEL, match["title"], number, number + 1, rest)


def _labels(lines: Sequence[str], start: int, end: int, offset: int) -> Iterator[Section]:
    for number in range(start, end):
        match = _LABEL.match(lines[number])
        kinds = kinds_of(match["title"]) & {"licence", "languages"} if match else frozenset[Kind]()
        if match and kinds:
            text = plain_words([lines[number][match.end() :]])
            yield Section(_title(match["title"]), offset + number + 1, frozenset(kinds), text)


def _sections(lines: Sequence[str], heads: list[_Head], fenced: set[int], offset: int) -> list[Section]:
    """Each heading with its own text; a heading that names nothing speaks of what the one above it names."""
    found: list[Section] = []
    above: list[tuple[int, frozenset[Kind]]] = []
    for index, head in enumerate(heads):
        while above and above[-1][0] >= head.level:
            above.pop()
        title = _title(head.title)
        is_title = index == 0 and head.level == 1 and len(title.split()) > 3
        own = frozenset[Kind]() if is_title else kinds_of(title)
        inherited = not own and bool(above)
        kinds = above[-1][1] if inherited else own
        if head.level < _RUN_IN_LEVEL:
            above.append((head.level, kinds))
        if not kinds:
            continue
        end = heads[index + 1].start if index + 1 < len(heads) else len(lines)
        body = (lines[n] for n in range(head.text_start, end) if n not in fenced)
        words = plain_words(_with_rest(head, body))
        found.append(Section(title, offset + head.start + 1, kinds, words, inherited, end - head.start))
        if len(found) == MAX_SECTIONS:
            break
    return found


def _with_rest(head: _Head, body: Iterator[str]) -> Iterator[str]:
    if head.rest:
        yield head.rest
    yield from body
