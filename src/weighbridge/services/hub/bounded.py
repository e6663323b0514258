"""The HTTP client below the Hub's client: no request without time limits, and no token to another host.

The Hub's client passes `timeout=None` with most requests, follows `Link` addresses to any host with the token, and
sleeps through rate limits and failures. Here every request goes through `BoundedClient.send`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled
from huggingface_hub.utils import hf_raise_for_status, httpx

from weighbridge.services.hub.problems import hub_problem, nonsense

CONNECT_S = 10.0
READ_S = 15.0
TOTAL_S = 60.0
"""Longest time for one question with all its requests."""
ANSWER_BYTES = 32 << 20
"""Longest answer of the API."""
_TRUE = {"1", "ON", "YES", "TRUE"}


def is_set(name: str) -> bool:
    """Whether an environment variable says yes, as the Hub's client reads them; but at this moment."""
    return os.environ.get(name, "").upper() in _TRUE


class TooLong(Exception):
    """An answer is longer than its limit. `size`: the length that the server announced, or None."""

    def __init__(self, size: int | None) -> None:
        super().__init__("too long")
        self.size = size


@dataclass(frozen=True)
class Question:
    """What is asked, and its limits. Inside, every failure is a HubProblem at once, before anything retries it."""

    about: str
    deadline: float
    connect_s: float
    read_s: float
    max_bytes: int


_QUESTION: ContextVar[Question | None] = ContextVar("question", default=None)
_ORIGINS: set[tuple[str, str, int | None]] = set()


def trust(endpoint: httpx.URL) -> None:
    """This server is a Hub that the person chose: it may have the token."""
    _ORIGINS.add(_origin(endpoint))


@contextmanager
def asking(about: str, timeout_s: float | None, max_bytes: int = ANSWER_BYTES) -> Iterator[None]:
    """Requests of this thread belong to one question. `timeout_s` replaces all default limits (the whole: 4 times)."""
    total = TOTAL_S if timeout_s is None else 4 * timeout_s
    connect, read = (CONNECT_S, READ_S) if timeout_s is None else (timeout_s, timeout_s)
    token = _QUESTION.set(Question(about, time.monotonic() + total, connect, read, max_bytes))
    try:
        yield
    finally:
        _QUESTION.reset(token)


class BoundedClient(httpx.Client):
    """Outside of a question, exceptions stay what they are, and limits given with a request stay in force."""

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        question = _QUESTION.get()
        limits = _limits(question)
        given = request.extensions.get("timeout") or {}
        kept = {name: given[name] if given.get(name) is not None else limit for name, limit in limits.items()}
        request.extensions = {**request.extensions, "timeout": kept if question is None else limits}
        if question is None:
            return super().send(request, **options)
        request.headers["Accept-Encoding"] = "identity"
        try:
            response = super().send(request, **options)
        except httpx.TransportError as error:
            raise hub_problem(error, question.about) from error
        if response.status_code in (408, 429) or response.status_code >= 500:
            _raise_at_once(response, question.about)
        return response


def make_client() -> httpx.Client:
    """The one HTTP client of this process. Proxies and certificates are those of the environment."""
    return BoundedClient(event_hooks={"request": [_check_request], "response": [_bound_answer]}, follow_redirects=True)


def _limits(question: Question | None) -> dict[str, float]:
    if question is None:
        return {"connect": CONNECT_S, "read": READ_S, "write": READ_S, "pool": READ_S}
    left = max(question.deadline - time.monotonic(), 0.001)
    connect, read = min(question.connect_s, left), min(question.read_s, left)
    return {"connect": connect, "read": read, "write": read, "pool": read}


def _check_request(request: httpx.Request) -> None:
    """Also called for each redirect."""
    if is_set("HF_HUB_OFFLINE"):
        raise OfflineModeIsEnabled("HF_HUB_OFFLINE is set")
    if _origin(request.url) not in _ORIGINS or is_set("HF_HUB_DISABLE_IMPLICIT_TOKEN"):
        request.headers.pop("Authorization", None)


def _bound_answer(response: httpx.Response) -> None:
    question = _QUESTION.get()
    if question is None:
        return
    if response.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
        raise nonsense(question.about, "packs its answer, though it was asked not to")
    length = response.headers.get("content-length", "")
    size = int(length) if length.isascii() and length.isdigit() and len(length) < 19 else None
    if size is not None and size > question.max_bytes and response.request.method != "HEAD":
        raise TooLong(size)
    assert isinstance(response.stream, httpx.SyncByteStream)
    response.stream = _BoundedStream(response.stream, question, size)


class _BoundedStream(httpx.SyncByteStream):
    def __init__(self, inner: httpx.SyncByteStream, question: Question, size: int | None) -> None:
        self._inner = inner
        self._question = question
        self._size = size

    def __iter__(self) -> Iterator[bytes]:
        left = self._question.max_bytes
        for piece in self._inner:
            left -= len(piece)
            if left < 0:
                raise TooLong(self._size)
            if time.monotonic() > self._question.deadline:
                raise hub_problem(TimeoutError(), self._question.about)
            yield piece

    def close(self) -> None:
        self._inner.close()


def _raise_at_once(response: httpx.Response, about: str) -> None:
    try:
        with closing(response):
            response.read()
        hf_raise_for_status(response)
    except (HfHubHTTPError, httpx.TransportError) as error:
        raise hub_problem(error, about) from error


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
