"""What can go wrong with a server that somebody else runs, as one sentence for a person and one kind for a program."""

from __future__ import annotations

from typing import Literal

from weighbridge.domain.problems import OutsideFailed, Refused

Kind = Literal[
    "unreachable",
    "tls",
    "redirect",
    "loading",
    "key",
    "no_model",
    "not_found",
    "rate_limited",
    "rejected",
    "server_error",
    "nonsense",
    "too_large",
    "stalled",
    "cut",
]
"""`unreachable`: no connection, or no such host. `loading`: 503, it is not ready yet. `rejected`: this one request was
refused (400, 413, 422), and the next may not be. `nonsense`: an answer that no such API gives. `too_large`: more than
is read. `stalled`: silent for too long. `cut`: the answer ended in its middle."""


class EndpointProblem(OutsideFailed):
    """The server, or the way to it, failed. `wait_s`: seconds until it wants to be asked again, where it said so."""

    def __init__(self, kind: Kind, message: str, hint: str = "", wait_s: float | None = None) -> None:
        super().__init__(message, hint)
        self.kind = kind
        self.wait_s = wait_s


class KeyNeeded(EndpointProblem):
    """401 or 403. `address`: to be given to `keys.give` with the key. `given`: a key was sent, and it was refused."""

    exit_code = Refused.exit_code

    def __init__(self, message: str, hint: str, address: str, *, given: bool) -> None:
        super().__init__("key", message, hint)
        self.address = address
        self.given = given


class PlainHttp(Refused):
    """A key would go over http to a public host. Nothing was sent; `keys.accept_plain(address)` allows it."""

    def __init__(self, message: str, hint: str, address: str) -> None:
        super().__init__(message, hint)
        self.address = address
