"""Where a text is named only to be asked: "Is it Paris?" and "Paris? No, Lyon." do not answer Paris.

The rule, by letters alone: an occurrence is asked where its sentence ends with a question mark or the Japanese か.
"Paris, shall I say more?" answers: there it opens the sentence, and a comma follows that no "or" follows.
"""

from __future__ import annotations

import re

_REST = re.compile(r"(?:[^.!?;\n。]|\.(?=\w)){0,200}")
_OPENS = re.compile(r"(?:^|[.!?;:\n。] ?)[\"'(*]*$")
_COMMA = re.compile(r"[\"')*]*[,、](?! ?(?:or|and)\b)")
_JAPANESE = re.compile(r"(?:です|ます|でした|ました|でしょう|だろう)か[」』]?(?=[。\n]|$)")


def asked(text: str, start: int, end: int) -> bool:
    """Whether the occurrence `text[start:end]` of a folded text stands in a question."""
    if text[end - 1] == "?" or (_COMMA.match(text, end) and _OPENS.search(text[max(0, start - 4) : start])):
        return False
    rest = _REST.match(text, end)
    if rest is None:
        return False
    said = rest[0].partition(" - ")[0]
    return text.startswith("?", end + len(said)) or bool(_JAPANESE.search(said))
