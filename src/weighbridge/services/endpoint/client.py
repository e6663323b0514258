"""The one HTTP client for servers that answer in place of the child: what is sent, what never, how much is read.

No proxy, netrc or other setting of the environment is used, no redirect is followed, no cookie is kept. The API key of
the chosen origin is the only secret, and it goes there alone; wherever the server sends it back, it is blotted out.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx2

from weighbridge import __version__
from weighbridge.domain.problems import BadInput
from weighbridge.domain.proof.runtime import Clock
from weighbridge.services import encryption
from weighbridge.services.endpoint import keys
from weighbridge.services.endpoint.address import root
from weighbridge.services.endpoint.arrival import StampingTransport
from weighbridge.services.endpoint.problems import EndpointProblem
from weighbridge.services.endpoint.replies import reply_problem, way_problem
from weighbridge.services.endpoint.veil import Veil

ANSWER_S = 10.0
"""How long a question that needs no model may take, seconds."""
CONNECT_S = 10.0
IDLE_S = 2.0
"""A connection that was idle for longer is not used again. llama-server and uvicorn close it after 5 s, and a request
that is sent at that moment would be lost."""
ERROR_S = 2.0
"""How long the words of a refusal are waited for."""
MOST_BYTES = 4 * 1024 * 1024
"""Of one answer that is read whole: a list of models, server facts, the tokens of a prompt."""
MOST_ERROR_BYTES = 64 * 1024
ONCE = MappingProxyType({"Connection": "close"})
"""Asks that the connection is closed after the answer, which the HTTP library does then."""
SENT = "http11.send_request_body.complete"
"""What the HTTP library calls the moment at which a request is handed over."""


class Client:
    """Questions to one server. `base_url`: of its API, as `address.parse` gives it; Ollama's has no /v1.

    A path with a slash before it is one of the server's root (`/health`), one without is of the API (`models`).
    Every method raises EndpointProblem, KeyNeeded, PlainHttp, or BadInput for a key that is none, and nothing else.
    `close` ends what is still open. `clock`: stamps what arrives.
    """

    def __init__(self, base_url: str, clock: Clock = time.monotonic) -> None:
        self.base_url, self.clock = base_url.rstrip("/"), clock
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=64, keepalive_expiry=IDLE_S)
        self._http = httpx2.AsyncClient(
            transport=StampingTransport(clock, trusted(self.base_url), limits),
            trust_env=False,
            follow_redirects=False,
            timeout=httpx2.Timeout(None, connect=CONNECT_S),
            headers={"User-Agent": f"weighbridge/{__version__}", "Accept-Encoding": "identity"},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes every connection. Safe to call twice."""
        await self._http.aclose()

    @property
    def veil(self) -> Veil:
        """Blots the key out of whatever comes from the server."""
        return Veil(keys.key_for(self.base_url))

    async def text(self, path: str, *, most_bytes: int = MOST_BYTES, timeout_s: float = ANSWER_S) -> str:
        """The body of a GET, decoded and without the key; it is not cleaned."""
        return self.veil.text((await self._whole("GET", path, None, most_bytes, timeout_s)).decode("utf-8", "replace"))

    async def get(self, path: str, *, most_bytes: int = MOST_BYTES, timeout_s: float = ANSWER_S) -> Any:
        """The JSON of a GET."""
        return self.parsed(await self._whole("GET", path, None, most_bytes, timeout_s))

    async def post(self, path: str, body: Any, *, most_bytes: int = MOST_BYTES, timeout_s: float = ANSWER_S) -> Any:
        """The JSON that answers a POST."""
        return self.parsed(await self._whole("POST", path, body, most_bytes, timeout_s))

    @asynccontextmanager
    async def stream(
        self, path: str, body: Any, on_sent: Callable[[], None] | None = None
    ) -> AsyncGenerator[httpx2.Response, None]:
        """An open answer to a POST with status 200, to be read by `stream.chunks` or `stream.lines`.

        `on_sent`: called once the whole request is handed over to the system's network, before anything is waited for.
        Limits of time are the caller's: `asyncio.timeout` around it. Its connection is used for nothing else: servers
        end one after a stream (llama-server does), and a request that is sent just then would be lost.
        """
        async with self._opened("POST", path, body, on_sent, ONCE) as response:
            yield response

    def parsed(self, body: bytes | str) -> Any:
        """JSON without the key in any of its strings. EndpointProblem where it is none."""
        try:
            return self.veil.value(json.loads(body))
        except (ValueError, RecursionError):
            told = f"{self.host} sent something that is no JSON"
            raise EndpointProblem("nonsense", f"{told}.", "Is it an inference server, and its address right?") from None

    @property
    def host(self) -> str:
        """Host and port, for a sentence."""
        return urlsplit(self.base_url).netloc

    async def _whole(self, method: str, path: str, body: Any, most_bytes: int, timeout_s: float) -> bytes:
        try:
            async with asyncio.timeout(timeout_s), self._opened(method, path, body) as response:
                return await self._read(response, most_bytes)
        except TimeoutError:
            told = f"{self.host} did not answer within {timeout_s:g} s ({self._shown(path)})"
            raise EndpointProblem("stalled", f"{told}.", "Is the server overloaded, or the address wrong?") from None

    async def _read(self, response: httpx2.Response, most_bytes: int) -> bytes:
        read = bytearray()
        async for piece in response.aiter_raw():
            read += piece
            if len(read) > most_bytes:
                told = f"{self.host} sent more than {most_bytes:,} bytes where a short answer was expected"
                raise EndpointProblem("too_large", f"{told}.", "Is it an inference server, and its address right?")
        return bytes(read)

    @asynccontextmanager
    async def _opened(
        self,
        method: str,
        path: str,
        body: Any,
        on_sent: Callable[[], None] | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> AsyncGenerator[httpx2.Response, None]:
        """A response with status 200 whose body is still to be read."""

        async def trace(event: str, _: object) -> None:
            if on_sent is not None and event == SENT:
                on_sent()

        with self._told():
            async with self._http.stream(
                method, self._url(path), json=body, headers={**self._headers(), **headers}, extensions={"trace": trace}
            ) as response:
                if response.status_code != httpx2.codes.OK:
                    raise await self._problem(response, path)
                coding = response.headers.get("content-encoding", "identity").lower()
                if coding not in ("", "identity"):
                    told = f"{self.host} sent a compressed answer ({self.veil.line(coding, 20)}) that nobody asked for"
                    raise EndpointProblem("nonsense", f"{told}.", "Ask the server without the proxy before it.")
                yield response

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Every failure of the connection as one of ours."""
        try:
            yield
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError) as error:
            raise way_problem(error, self.base_url) from None

    async def _problem(self, response: httpx2.Response, path: str) -> EndpointProblem:
        body = b""
        with suppress(TimeoutError):
            async with asyncio.timeout(ERROR_S):
                async for piece in response.aiter_raw():
                    body += piece
                    if response.is_redirect or len(body) > MOST_ERROR_BYTES:
                        break
        return reply_problem(
            status=response.status_code,
            headers=response.headers,
            body=self.veil.text(body.decode("utf-8", "replace")),
            base_url=self.base_url,
            path=self._shown(path),
            keyed=keys.key_for(self.base_url) is not None,
            veil=self.veil,
        )

    def _headers(self) -> dict[str, str]:
        """The key goes to the origin of `base_url` alone, and over http to near hosts, or as the person agreed."""
        keys.require_private_way(self.base_url)
        key = keys.key_for(self.base_url)
        return {"Authorization": f"Bearer {key}"} if key else {}

    def _url(self, path: str) -> str:
        url = self._joined(path)
        if keys.origin(url) != keys.origin(self.base_url):
            raise EndpointProblem("redirect", f"{urlsplit(url).netloc} is not the chosen server: it is not asked.")
        return url

    def _joined(self, path: str) -> str:
        if path.startswith(("http://", "https://")):
            return path
        return f"{root(self.base_url)}{path}" if path.startswith("/") else f"{self.base_url}/{path}"

    def _shown(self, path: str) -> str:
        return urlsplit(self._joined(path)).path


def trusted(address: str) -> ssl.SSLContext:
    """Whose certificates count for an address: those that the client's own default names, and the person's own.

    Without encryption nobody's are read. BadInput where the person's own cannot be.
    """
    return _trust(urlsplit(address).scheme, *encryption.own_authority())


@lru_cache
def _trust(scheme: str, file: str, folder: str) -> ssl.SSLContext:
    if scheme != "https":
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if broken := encryption.unreadable(file, folder):
        raise BadInput(f"{broken.told}.", broken.hint)
    context = httpx2.create_ssl_context(trust_env=False)
    if file or folder:
        context.load_verify_locations(file or None, folder or None)
    return context
