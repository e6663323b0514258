"""The way to a rented server: the Jobs proxy, which lets nobody through without the Hub's token."""

from __future__ import annotations

import errno
import ipaddress
import socket
from typing import NamedTuple
from urllib.parse import urlsplit

from weighbridge.domain.problems import BadInput, OutsideFailed, Refused
from weighbridge.domain.serving.rental import OVER
from weighbridge.services import encryption
from weighbridge.services.endpoint import keys
from weighbridge.services.endpoint.client import trusted
from weighbridge.services.hub.client import token
from weighbridge.services.hub.jobs import Jobs, JobView, no_token

SUFFIX = ".hf.jobs"
TIMEOUT_S = 10.0
_CUT_OFF = (errno.ENETUNREACH, errno.ENETDOWN)


class Probe(NamedTuple):
    """What came of one request for /health. `status`: null where nobody answered. `unclear`: whoever is there could
    not be asked."""

    status: int | None
    said: str
    unclear: bool = False

    @property
    def healthy(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def admit(jobs: Jobs, view: JobView, address: str = "") -> str:
    """Lets requests to the job's port have the Hub token, and gives the port's address, without a slash at its end.

    The token goes to a host that the Hub itself named for a job of this account, and that is of its Jobs proxy (or on
    this machine, where the Hub is): to no other. `address`: what is about to be asked; it has to be that host. Refused;
    OutsideFailed where the job is over.
    """
    require_alive(view)
    key = token()
    if key is None:
        raise no_token()
    found = [url.rstrip("/") for url in view.exposed if _is_proxy(url, jobs.endpoint)]
    if address:
        found = [url for url in found if keys.origin(url) == keys.origin(address)]
    if not found:
        raise Refused(
            f"The Hub names no address of the job {view.id} that its token may be sent to.",
            f"It has to be https and end in {SUFFIX}; stop the job with `weighbridge jobs stop {view.id}`.",
        )
    keys.give(found[0], key)
    return found[0]


def require_alive(view: JobView) -> None:
    """OutsideFailed where the job is over, with the Hub's reason: nothing answers at its address any more."""
    if view.stage in OVER:
        said = f"{view.stage}, {view.message}" if view.message else view.stage
        hint = "Nothing answers there any more, and nothing is billed. Rent again to go on."
        raise OutsideFailed(f"The job {view.id} is over: {said.rstrip('.')}.", hint)


def _is_proxy(address: str, endpoint: str) -> bool:
    try:
        parts, hub = urlsplit(address), urlsplit(endpoint)
        host = parts.hostname or ""
        if parts.username or parts.password or parts.query or parts.port == 0:
            return False
    except ValueError:
        return False
    if _is_loopback(host):
        return parts.scheme in ("http", "https") and _is_loopback(hub.hostname or "")
    return parts.scheme == "https" and host.endswith(SUFFIX) and parts.port in (None, 443)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def probe(address: str, admitted: bool) -> Probe:
    """Asks for /health, with the token only where `admit` let it. Redirects are not followed."""
    import httpx2

    key = keys.key_for(address) if admitted else None
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        with (
            httpx2.Client(
                trust_env=False, follow_redirects=False, timeout=TIMEOUT_S, verify=trusted(address)
            ) as client,
            client.stream("GET", f"{address}/health", headers=headers) as response,
        ):
            return Probe(response.status_code, f"status {response.status_code}")
    except (httpx2.HTTPError, OSError, BadInput) as error:
        return _unanswered(error)


def _unanswered(error: Exception) -> Probe:
    """Why there was no answer: what failed before anybody was reached says nothing of a server."""
    import httpx2

    if broken := encryption.failure(error):
        return Probe(None, f"the encrypted connection failed: {broken.told}", unclear=True)
    if isinstance(error, BadInput):
        return Probe(None, f"it was not asked: {error}".rstrip("."), unclear=True)
    if any(isinstance(cause, socket.gaierror) for cause in encryption.causes(error)):
        return Probe(None, "its name was not found", unclear=True)
    if any(isinstance(cause, OSError) and cause.errno in _CUT_OFF for cause in encryption.causes(error)):
        return Probe(None, "this machine has no network to ask it by", unclear=True)
    match error:
        case httpx2.ConnectError():
            return Probe(None, "the connection is refused")
        case httpx2.TimeoutException():
            return Probe(None, f"no answer within {TIMEOUT_S:g} s")
    return Probe(None, "the connection is closed without an answer")
