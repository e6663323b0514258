"""The Hub's own client, set up in one place: quiet, bounded, without telemetry, and imported when first needed."""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Literal, TypeVar

from weighbridge import __version__
from weighbridge.domain.problems import HubProblem
from weighbridge.services import encryption
from weighbridge.services.hub.problems import hub_problem, nonsense
from weighbridge.services.hub.telling import told_when_slow

if TYPE_CHECKING:
    import httpx2 as httpx
    from huggingface_hub import HfApi

    from weighbridge.services.hub.bounded import TooLong

T = TypeVar("T")
Params = Mapping[str, str | Sequence[str]]
"""The question of an address; a name may have several values."""
DEFAULT_ENDPOINT = "https://huggingface.co"
_QUIET = {"HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
_lock = threading.Lock()
_ready = False


def prepare() -> None:
    """To be called before huggingface_hub is imported anywhere: it reads its settings once, at import.

    Telemetry and progress bars are off, and files come over plain HTTP, where ranges and digests can be checked.
    """
    global _ready
    with _lock:
        if _ready:
            return
        os.environ.update(_QUIET)
        from huggingface_hub import set_client_factory
        from huggingface_hub.utils import logging as hub_logging

        from weighbridge.services.hub.bounded import make_client

        hub_logging.set_verbosity(logging.CRITICAL)
        set_client_factory(make_client)
        _ready = True


def session() -> httpx.Client:
    """The HTTP client that all requests to the Hub share. Thread-safe."""
    prepare()
    from huggingface_hub import get_session

    return get_session()


def token() -> str | None:
    """The person's token, as the Hub's client finds it, at this moment. None where there is none or it may not go."""
    prepare()
    from huggingface_hub import get_token

    from weighbridge.services.hub.bounded import is_set

    return None if is_set("HF_HUB_DISABLE_IMPLICIT_TOKEN") else get_token()


class HubClient:
    """One endpoint with its limits. `timeout_s`: for connecting and for each read; four times that in all."""

    def __init__(self, endpoint: str | None = None, timeout_s: float | None = None) -> None:
        self._endpoint = endpoint
        self.timeout_s = timeout_s

    @property
    def endpoint(self) -> str:
        """The server asked, without a slash at its end: the one given, else HF_ENDPOINT, else the Hub itself."""
        return (self._endpoint or os.environ.get("HF_ENDPOINT") or DEFAULT_ENDPOINT).strip().rstrip("/")

    def open(self) -> None:
        """Sets up the client, and lets this endpoint have the token, for requests by `session()` itself. HubProblem."""
        prepare()
        from huggingface_hub.utils import httpx

        from weighbridge.services.hub.bounded import trust

        try:
            address = httpx.URL(self.endpoint)
        except httpx.InvalidURL:
            address = httpx.URL()
        if address.scheme not in ("http", "https") or not address.host:
            raise HubProblem("nonsense", "HF_ENDPOINT is no http or https address", f"unset it for {DEFAULT_ENDPOINT}")
        if address.scheme == "https" and (broken := encryption.unreadable(*encryption.own_authority())):
            raise HubProblem("unreachable", broken.told, broken.hint)
        trust(address)

    def ask(self, about: str, question: Callable[[HfApi], T]) -> T:
        """What the client's API answers, within the time limits. Every failure is a HubProblem.

        `about`: what is asked for, as a person reads it, cleaned.
        """
        return self._in_bounds(about, lambda: question(self._api(about)))

    def items(self, about: str, path: str, params: Params, most: int) -> list[object]:
        """The first items of an API path that answers with lists, in as many pages as that takes."""
        return self._in_bounds(about, lambda: list(islice(self._items(about, f"{self.endpoint}{path}", params), most)))

    def _items(self, about: str, url: str, params: Params) -> Iterator[object]:
        while url:
            response = self._response(about, url, params)
            page = response.json()
            if not isinstance(page, list):
                raise nonsense(about, "gives an answer that no Hub gives")
            yield from page
            url, params = str(response.links.get("next", {}).get("url") or ""), {}

    def answer(self, about: str, path: str, params: Params) -> object:
        """The JSON of an API path, read by no constructor of the client: those refuse odd dates or metadata whole."""
        url = f"{self.endpoint}{path}"
        return self._in_bounds(about, lambda: json.loads(self._get(about, url, params)))

    def read(self, about: str, repo: str, revision: str, path: str, max_bytes: int) -> bytes | TooLong:
        """A small file of a repository; TooLong as soon as it is clear that it has more bytes. HubProblem."""
        prepare()
        from huggingface_hub import hf_hub_url

        from weighbridge.services.hub.bounded import TooLong

        url = hf_hub_url(repo, path, revision=revision, endpoint=self.endpoint)
        try:
            return self._in_bounds(about, lambda: self._get(about, url, {}), max_bytes)
        except TooLong as error:
            return error

    def _in_bounds(self, about: str, work: Callable[[], T], max_bytes: int | None = None) -> T:
        """Raises TooLong only where `max_bytes` is given."""
        self.open()
        from weighbridge.services.hub.bounded import ANSWER_BYTES, TooLong, asking

        try:
            with told_when_slow(about), asking(about, self.timeout_s, max_bytes or ANSWER_BYTES):
                return work()
        except HubProblem:
            raise
        except TooLong:
            if max_bytes is None:
                raise nonsense(about, f"answers with more than {ANSWER_BYTES >> 20} MiB") from None
            raise
        except Exception as error:  # the client reads untrusted answers with plain constructors: any exception
            raise hub_problem(error, about) from error

    def _get(self, about: str, url: str, params: Params) -> bytes:
        return self._response(about, url, params).content

    def _response(self, about: str, url: str, params: Params) -> httpx.Response:
        from huggingface_hub.utils import build_hf_headers, hf_raise_for_status

        headers = build_hf_headers(token=self._token(about), library_name="weighbridge", library_version=__version__)
        response = session().get(url, headers=headers, params=params)
        hf_raise_for_status(response)
        return response

    def _api(self, about: str) -> HfApi:
        from huggingface_hub import HfApi

        return HfApi(self.endpoint, self._token(about), library_name="weighbridge", library_version=__version__)

    def _token(self, about: str) -> str | Literal[False]:
        found = token()
        if found is not None and not (found.isascii() and found.isprintable()):
            raise HubProblem("private", f"{about}: the token has characters that no token has", "check HF_TOKEN")
        return found or False
