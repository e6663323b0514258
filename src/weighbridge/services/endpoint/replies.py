"""What a failed connection or an HTTP status means, in one sentence."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit

import httpx2

from weighbridge.services import encryption
from weighbridge.services.endpoint.keys import VARIABLE
from weighbridge.services.endpoint.problems import EndpointProblem, KeyNeeded, Kind
from weighbridge.services.endpoint.veil import Veil

_START = "Start the server, or check the address and port."
_REJECTED = (400, 413, 422)


def way_problem(error: Exception, base_url: str) -> EndpointProblem:
    """Why there is no whole answer: name, connection, encryption, or an end in the middle."""
    host = urlsplit(base_url).netloc
    causes = tuple(encryption.causes(error))
    if any(isinstance(cause, (socket.gaierror, UnicodeError)) for cause in causes):
        name = urlsplit(base_url).hostname
        return EndpointProblem(
            "unreachable", f"No host is called {name}: its name was not found.", "Check the address."
        )
    if broken := encryption.failure(error):
        return EndpointProblem("tls", f"The encrypted connection to {host} failed: {broken.told}.", broken.hint)
    if isinstance(error, httpx2.ConnectTimeout):
        return EndpointProblem("unreachable", f"{host} does not answer: no connection within the time limit.", _START)
    if isinstance(error, httpx2.ConnectError):
        refused = any(isinstance(cause, ConnectionRefusedError) for cause in causes)
        why = "nothing listens there" if refused else "no connection"
        return EndpointProblem("unreachable", f"{host} does not answer: {why}.", _START)
    if isinstance(error, (httpx2.UnsupportedProtocol, httpx2.InvalidURL)):
        return EndpointProblem("unreachable", f"{host} is no address that can be asked.", "Check the address.")
    if isinstance(error, httpx2.SSEError):
        return EndpointProblem(
            "too_large", f"{host} sent one event of more than a mebibyte.", "The answer is not kept."
        )
    return EndpointProblem(
        "cut", f"{host} cut the connection before its answer was whole.", "See the server's own log."
    )


def reply_problem(
    *, status: int, headers: Mapping[str, str], body: str, base_url: str, path: str, keyed: bool, veil: Veil
) -> EndpointProblem:
    """Why an answer is not 200. `body`: its beginning, without the key. `keyed`: a key was sent."""
    host, said = urlsplit(base_url).netloc, _said(body, veil)
    if 300 <= status < 400:
        return _redirected(headers.get("location", ""), base_url, path, veil)
    if status in (401, 403):
        return _key_needed(status, base_url, said, keyed=keyed)
    kind, told, hint = _told(status, host, path, said)
    return EndpointProblem(kind, f"{told}{f': {said}' if said else ''}.", hint, wait_s(headers))


def _told(status: int, host: str, path: str, said: str) -> tuple[Kind, str, str]:
    if status == 503:
        return (
            "loading",
            f"{host} is not ready (503)",
            "Wait until its model is loaded; its own log says how far it is.",
        )
    if status == 429:
        return "rate_limited", f"{host} takes no more requests at present (429)", "Wait a while, and start it again."
    if status == 404 and "model" in said.lower():
        hint = "The address is right: its log says why it does not answer for this model, or name another behind #."
        return "not_found", f"{host} has no such model ({status})", hint
    if status in (404, 405):
        return "not_found", f"{host} does not know {path} ({status})", "Is the address that of its API, with /v1?"
    if status in _REJECTED:
        return "rejected", f"{host} refused the request ({status})", "The server's own log may say more."
    return "server_error", f"{host} failed ({status})", "See the server's own log."


def _redirected(location: str, base_url: str, path: str, veil: Veil) -> EndpointProblem:
    to = urlsplit(urljoin(base_url, veil.line(location, 500)))
    where = f"{to.scheme}://{to.netloc.rpartition('@')[2]}" if to.netloc else "nowhere"
    if to.netloc == urlsplit(base_url).netloc and to.scheme == urlsplit(base_url).scheme:
        where = f"another path of it ({to.path})"
    told = (
        f"{urlsplit(base_url).netloc} sends {path} on to {veil.line(where, 200)}: it was not followed, and no key sent"
    )
    return EndpointProblem("redirect", f"{told} there.", "If you trust that address, give it as MODEL.")


def _key_needed(status: int, base_url: str, said: str, *, keyed: bool) -> KeyNeeded:
    host = urlsplit(base_url).netloc
    told = f"{host} refuses the API key" if keyed else f"{host} asks for an API key"
    hint = f"Set {VARIABLE}, or type the key when it is asked for; it is kept nowhere."
    return KeyNeeded(f"{told} ({status}){f': {said}' if said else ''}.", hint, base_url, given=keyed)


def wait_s(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds of a Retry-After header, which is a number or a date (RFC 9110); None without a sensible one."""
    text = headers.get("retry-after", "").strip()
    if text.isdecimal() and len(text) < 9:
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - (now or datetime.now(UTC))).total_seconds())


def _said(body: str, veil: Veil) -> str:
    """What the server says of it: the message of its JSON. A web page says nothing."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    return error_text(found, veil)


def error_text(found: object, veil: Veil) -> str:
    """The message of an error as OpenAI's API, Ollama and FastAPI put it, one cleaned line; empty without one."""
    for name in ("error", "message", "detail"):
        if not isinstance(found, dict):
            break
        found = found.get(name, found)
    return veil.line(found, 200).rstrip(".") if isinstance(found, str) else ""
