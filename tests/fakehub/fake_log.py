"""What a fake Hub was asked, and how many bytes it sent for each."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass


@dataclass
class Call:
    """One request. `headers` in lower case; `sent`: bytes of the body that went out so far, or are going."""

    method: str
    path: str
    """As it came, with the query."""
    headers: dict[str, str]
    host: str
    """The name that the client used: a CDN's differs from the Hub's."""
    status: int = 0
    sent: int = 0

    @property
    def line(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def authorized(self) -> bool:
        """Whether a token came with it."""
        return "authorization" in self.headers


class Log:
    """All requests in the order of their arrival. `where` is a regular expression, searched in `METHOD path?query`."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._changed = threading.Condition()

    def add(self, call: Call) -> None:
        with self._changed:
            self._calls.append(call)
            self._changed.notify_all()

    def advance(self, call: Call, sent: int) -> None:
        with self._changed:
            call.sent = sent
            self._changed.notify_all()

    def calls(self, where: str = "") -> list[Call]:
        with self._changed:
            return self._found(where)

    def bytes_sent(self, where: str = "") -> int:
        """Bytes of bodies only."""
        return sum(call.sent for call in self.calls(where))

    def wait_for(self, where: str, n: int = 1, sent: int = 0, timeout_s: float = 60.0) -> bool:
        """Waits for `n` such requests that sent `sent` bytes together. False if the time is over first."""

        def there() -> bool:
            found = self._found(where)
            return len(found) >= n and sum(call.sent for call in found) >= sent

        with self._changed:
            return self._changed.wait_for(there, timeout_s)

    def clear(self) -> None:
        with self._changed:
            self._calls.clear()

    def _found(self, where: str) -> list[Call]:
        return [call for call in self._calls if re.search(where, call.line)]
