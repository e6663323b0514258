"""What is read past in an answer: thinking aloud, markup, quotes, labels, full stops, widths of letters."""

from __future__ import annotations

import re
import unicodedata

MAX_ANSWER = 200_000
"""Characters of an answer that are looked at, thinking aside."""

LETTERS = r"0-9A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0370-\u052f"
"""Letters and digits of scripts that put spaces between words: where a word begins can be told."""

_TAGS = re.compile(r"<(/?)(?:think|thinking|thought|reasoning)>", re.IGNORECASE)


def cleaned(output: str) -> str:
    """The answer in what a model put out: without its thinking at the beginning, and without white space around it.

    A block that was never closed leaves nothing: the answer did not come. A closing tag whose block was opened by
    the chat template, so that the output starts in the middle of it, ends the thinking too.
    """
    start, inside = 0, False
    for tag in _TAGS.finditer(output):
        if tag[1]:
            start, inside = tag.end(), False
        elif not inside:
            if output[start : tag.start()].strip():
                break
            inside = True
    return "" if inside else output[start:].strip()


_SAME = {
    **dict.fromkeys(map(ord, "‘’‚‛′´"), "'"),
    **dict.fromkeys(map(ord, "“”„‟″"), '"'),
    **dict.fromkeys(map(ord, "‐‑‒–−"), "-"),
    **dict.fromkeys(map(ord, "—―"), " - "),
    **dict.fromkeys(map(ord, "\u200b\u2060\ufeff"), None),
}
_RAISED = re.compile("[⁰¹²³⁴-⁹]+")
_PARTS = re.compile("[¼-¾⅐-⅞↉]")


def normal(text: str) -> str:
    """NFKC with one form of quotes and dashes. Raised digits stay raised (`10^3`), so that 10³ is never read as 103;
    fractions of one character leave a slash that no number stands beside (2½ is not 21 or 2). ASCII is normal."""
    if text.isascii():
        return text
    text = _RAISED.sub(lambda found: "^" + unicodedata.normalize("NFKC", found[0]), text)
    text = _PARTS.sub("\u2044", text)
    return unicodedata.normalize("NFKC", text.translate(_SAME)).translate(_SAME)


_CJK = "\u3001-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_BESIDE_CJK = re.compile(f"(?<=[{_CJK}])[ \t]+|[ \t]+(?=[{_CJK}])")
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r" ?\n\s*")
_MARKUP = re.compile(r"\*\*|__(?=\S)|(?<=\S)__|`+")


def fold(text: str, ignore_case: bool = True) -> str:
    """Text for comparing: `normal`, no bold or code marks, single spaces, none beside Chinese or Japanese letters."""
    text = _MARKUP.sub("", normal(text))
    text = _LINES.sub("\n", _SPACES.sub(" ", text)).strip()
    text = _BESIDE_CJK.sub("", text)
    return text.casefold() if ignore_case else text


_FENCED = re.compile(r"```[^\n`]*\n(.*?)\n?```", re.DOTALL)
_BOXED = re.compile(r"\\boxed\{([^{}]*)\}")
_BULLET = re.compile(r"\A\s*(?:[-+*>•]|#{1,6}) ")
_TAG = re.compile(r"</?answer>", re.IGNORECASE)
_LABEL = re.compile(
    r"(?:(?:(?:the|my|final|correct|short) )*answer(?: ?:| is:?)|a ?:"
    r"|(?:答え|解答|回答|正解)(?:は|:)|答案(?:是|为|為)?:?)\s*",
    re.IGNORECASE,
)
_COPULA = re.compile(f"(?<=[{_CJK}0-9a-zA-Z」』])(?:です|だ|である|でした|になります|となります)$")
_AROUND = " \t\n\"'*_~.。!、,「」『』【】《》〈〉()[]{}«»"


def unwrapped(text: str) -> str:
    """Text without a code fence around the whole, \\boxed{} and `<answer>`."""
    fenced = _FENCED.fullmatch(text.strip())
    return _TAG.sub("", _BOXED.sub(r"\1", fenced[1] if fenced else text))


def bare(text: str, ignore_case: bool = True) -> str:
    """What is left of a text without the things around an answer: what `unwrapped` takes off, the mark of a list or
    a heading, a label such as "Answer:" or "The answer is", quotes, brackets, full stops, the Japanese copula."""
    text = fold(_BULLET.sub("", unwrapped(text)), ignore_case).strip(_AROUND)
    if label := _LABEL.match(text):
        text = text[label.end() :].strip(_AROUND)
    return _COPULA.sub("", text).strip(_AROUND)
