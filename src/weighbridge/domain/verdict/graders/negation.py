"""Where a text is named only to be denied: "not Paris" does not answer Paris.

The rule, by letters alone: an occurrence is denied where a denying word stands before it in the same clause with at
most four small words between (the, a, in, on, use, ...), or where the Japanese denial follows it at once. "not only",
"not Lyon but Paris" and "not Lyon, Paris" deny nothing of Paris. What a whole sentence means is not understood:
"Paris is not the capital" names Paris. A grader's `absent` texts are there for such cases.
"""

from __future__ import annotations

import re

_LOOKED_AT = 80
"""Characters before an occurrence that are looked at."""

_SMALL = (
    "the|a|an|any|in|on|at|of|to|by|be|been|it|as|with|from|for|via|your|its|this|that|use|using|run|running|need|have"
    "|called|named|really|actually|necessarily|even|to be"
)
_ENGLISH = re.compile(
    r"(?<![\w'])(?:not|never|no|neither|nor|without|cannot|no longer|rather than|instead of|other than|except|\w+n't)"
    rf"(?:[ \n](?:{_SMALL})){{0,4}}[ \n]['\"(]?$",
    re.IGNORECASE,
)
_CHINESE = re.compile(
    "(?:不是|并非|並非|而非|不在|不用|不要|不能|不应|不會|不会|不可|没有|沒有|不|非|未|无|無)"
    '(?:使用|选择|選擇|一个|一個|在|用|是|去|选|選|到|被|有|该|該|这|這|「|『|“|"){0,3}$'
)
_JAPANESE = re.compile(
    "[」』\"']?(?:(?:では|じゃ)(?:ない|なく|なかっ|ありません|ございません|無い|無く)|でな[いく]|以外)"
)
_ITSELF = re.compile(
    r"(?<![\w'])(?:not?|never|neither|nor|without|cannot|\w+n't)(?![\w'])|[不非未无無]|没有|沒有|ない|ません"
)


def is_denial(target: str) -> bool:
    """Whether a text denies by itself ("no", "not allowed"): then nothing before it is looked at."""
    return bool(_ITSELF.search(target.casefold()))


def denied(text: str, start: int, end: int) -> bool:
    """Whether the occurrence `text[start:end]` of a folded text is denied."""
    before = text[max(0, start - _LOOKED_AT) : start]
    return bool(_ENGLISH.search(before) or _CHINESE.search(before) or _JAPANESE.match(text, end))
