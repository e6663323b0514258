"""Keeps the API key out of whatever a server sends back: error texts, facts, and the pieces of an answer."""

from __future__ import annotations

from typing import Any

from weighbridge.domain.text import clean_line

BLOT = "[the API key]"


class Veil:
    """`key` None: everything passes as it is. One object for one answer: it holds the end of a piece back."""

    def __init__(self, key: str | None) -> None:
        self._key = key or ""
        self._held = ""

    def text(self, text: str) -> str:
        return text.replace(self._key, BLOT) if self._key else text

    def line(self, text: str, limit: int = 300) -> str:
        """One cleaned line of a text from outside, without the key."""
        return clean_line(self.text(text), limit)

    def value(self, value: Any) -> Any:
        """JSON without the key in any of its strings."""
        if not self._key:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(one) for one in value]
        if isinstance(value, dict):
            return {self.text(name): self.value(one) for name, one in value.items()}
        return value

    def piece(self, text: str) -> str:
        """What of an answer may be shown and kept after one more piece. What might become the key comes later."""
        if not self._key:
            return text
        whole = self.text(self._held + text)
        held = self._beginning(whole)
        self._held = whole[len(whole) - held :]
        return whole[: len(whole) - held]

    def rest(self) -> str:
        """What was held back, at the end of the answer."""
        held, self._held = self._held, ""
        return held

    def _beginning(self, text: str) -> int:
        """Length of the longest end of `text` that is a beginning of the key."""
        longest = min(len(text), len(self._key) - 1)
        return next((n for n in range(longest, 0, -1) if self._key.startswith(text[-n:])), 0)
