"""Where a phrase is only supposed: "if the note does not say it, say so" says nothing of the note.

The rule, by letters alone: a phrase is supposed where "if" (unless, in case, provided) stands before it in its clause;
where "when" or "where" and a short subject stand right before it; where it is what an answer is told to be ("if it is
unknown, say: I do not know"); and by 場合, なら, ければ (Japanese) behind it, 如果, 若, 的话 (Chinese) around it.
"""

from __future__ import annotations

import re

_CLAUSE = r"(?:(?! (?:and|but|so|then|yet)\b)[^,;:.!?\n]){0,60}$"
_BEFORE = tuple(
    map(
        re.compile,
        (
            rf"\b(?:if|unless|in case|provided)\b{_CLAUSE}",
            r"\b(?:when|whenever|where|wherever) (?:(?:it|this|that|they|i|you|we|something|one)"
            r"|(?:the|an?|this|that|your|my|our|any) \w+(?: (?:and|or) \w+)?)? ?$",
            r"(?:如果|若|假如|要是|倘若|万一)[^。,;!?\n]{0,20}$",
        ),
    )
)
_TOLD = tuple(
    map(
        re.compile,
        (
            r"\bif\b[^.!?\n]*[,;:] ?(?:then |please |just |only )*(?:say|answer|reply|respond|write|state)"
            r"(?: with| that|:)* ?[\"'(]*$",
            r"(?:如果|若|假如|要是)[^。!?\n]*?[请請]?(?:直接|就)?(?:回答|说明|說明|说|說|写|寫|注明)[:\"'「『]*$",
        ),
    )
)
_BEHIND = re.compile(
    r"(?:の|な|という|こと|もの)?(?:場合|なら|とき|時は|際は|であれば|ようであれば|でしたら|ければ|たら)"
    r"|[」』\"']?と(?:だけ)?(?:答え|言っ|書い|述べ|回答し|伝え)て(?:ください|下さい)"
    r"|[^。,;!?\n]{0,8}?(?:的话|的話|的情况下|的情況下|时[候,]|時[候,])"
)


def supposed(text: str, start: int, end: int) -> bool:
    """Whether the phrase `text[start:end]` of a folded text stands under a condition."""
    before = text[max(0, start - 200) : start]
    return any(one.search(before) for one in (*_BEFORE, *_TOLD)) or bool(_BEHIND.match(text, end))
