"""JSON as a packet holds it."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

_ONE_LINE = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)
_UNUSUAL = re.compile(r"[^\x20-\x7e\n]")


def json_text(value: Any, indent: int | None) -> str:
    """JSON in UTF-8 in which invisible and control characters are written as escapes, so that it can be shown."""
    if indent is None:
        return shown(_ONE_LINE.encode(value))
    return shown(json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False))


def shown(text: str) -> str:
    """JSON with escapes for what cannot be seen."""
    return text if text.isascii() and "\x7f" not in text else _UNUSUAL.sub(_visible, text)


def _visible(found: re.Match[str]) -> str:
    char = found[0]
    return json.dumps(char)[1:-1] if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") else char
