"""Every failure of the Hub's client and of the way to it, as one HubProblem: what is wrong, and what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from weighbridge.domain.problems import HubProblem
from weighbridge.domain.text import clean_line
from weighbridge.services import encryption

if TYPE_CHECKING:
    import httpx2 as httpx
    from huggingface_hub.errors import HfHubHTTPError

_TOKEN = re.compile(r"hf_\w{4,}|bearer\s+\S+", re.IGNORECASE)
_LOGIN = "set HF_TOKEN or run `hf auth login`"
_AGAIN = "try again later"
_NETWORK = "check the network, the proxy settings and HF_ENDPOINT; models on this machine work without the Hub"
_OFFLINE = "unset HF_HUB_OFFLINE to ask the Hub; repositories that were opened earlier can be opened again"


def said(text: object, limit: int = 160) -> str:
    """A server's words in one safe line, without anything that looks like a token."""
    return _TOKEN.sub("(token)", clean_line(str(text), limit))


def hub_problem(error: Exception, about: str) -> HubProblem:
    """The problem that an exception means. `about`: what was asked for, as a person reads it, cleaned.

    Takes whatever the Hub's client, its HTTP client or the reading of an answer raises. The text of an exception that
    is not known is never shown: it may hold headers.
    """
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled
    from huggingface_hub.utils import httpx

    broken = encryption.failure(error)
    match error:
        case HubProblem():
            return error
        case httpx.TransportError() | OSError() if broken is not None:
            message = f"{about}: the encrypted connection to the server failed: {broken.told}"
            return HubProblem("unreachable", message, broken.hint)
        case HfHubHTTPError():
            return _refused(error, about)
        case HFValidationError():
            return HubProblem("bad_name", f"{about} is no name of a repository", "write org/repo")
        case OfflineModeIsEnabled():
            return HubProblem("offline", f"{about}: nothing is asked because HF_HUB_OFFLINE is set", _OFFLINE)
        case httpx.TimeoutException() | TimeoutError():
            return HubProblem("timeout", f"{about}: the server does not answer in time", f"{_AGAIN}, or {_NETWORK}")
        case httpx.UnsupportedProtocol() | httpx.InvalidURL() | httpx.LocalProtocolError():
            return HubProblem("nonsense", f"{about}: the address cannot be asked", "check HF_ENDPOINT and HF_TOKEN")
        case httpx.RemoteProtocolError():
            return HubProblem("unreachable", f"{about}: the server broke off its answer", _AGAIN)
        case httpx.TransportError() | OSError():
            return HubProblem("unreachable", f"{about}: the server cannot be reached", _NETWORK)
    return nonsense(about, "gives an answer that no Hub gives")


def nonsense(about: str, what: str) -> HubProblem:
    """`what` continues the sentence "the server ..."."""
    return HubProblem("nonsense", f"{about}: the server {what}", "check HF_ENDPOINT, or that no login page is between")


def _refused(error: HfHubHTTPError, about: str) -> HubProblem:
    from huggingface_hub import errors

    match error:
        case errors.GatedRepoError():
            return _gated(error, about)
        case errors.DisabledRepoError():
            return HubProblem("disabled", f"{about}: the Hub has disabled this repository", "choose another one")
        case errors.RepositoryNotFoundError():
            return _not_found(error, about)
        case errors.RevisionNotFoundError():
            hint = "leave the revision out for the newest one, or copy one from the page's history"
            return HubProblem("bad_revision", f"{about}: the repository has no such revision", hint)
        case errors.RemoteEntryNotFoundError():
            return HubProblem(
                "no_file", f"{about}: the repository has no such file at this revision", "look at its list of files"
            )
    return _by_status(error, about)


def _by_status(error: HfHubHTTPError, about: str) -> HubProblem:
    response = error.response
    status = response.status_code
    words = said(error.server_message or response.headers.get("x-error-message") or "")
    quoted = f' and says "{words}"' if words else ""
    if status == 429:
        return _rate_limited(response, about)
    if status in (401, 403):
        if _with_token(error):
            hint = "check the token: it may have ended, or lack the permission to read this repository"
            return HubProblem("private", f"{about}: the server does not accept the token for it{quoted}", hint)
        message = f"{about}: the server shows it to nobody without a token{quoted}"
        return HubProblem("private", message, f"it may be private, or its terms wait for your consent: {_LOGIN}")
    if status == 404:
        return HubProblem("not_found", f"{about}: the server does not have it{quoted}", "check the spelling")
    if status == 408 or status >= 500:
        return HubProblem("unreachable", f"{about}: the server fails with status {status}{quoted}", _AGAIN)
    return nonsense(about, f"refuses with status {status}{quoted}")


def _gated(error: Any, about: str) -> HubProblem:
    url = error.response.request.url
    page = said(f"{url.scheme}://{url.netloc.decode('ascii', 'replace')}/{error.repo_id or ''}".rstrip("/"))
    if _with_token(error):
        hint = f"open {page}, accept its terms with the account of your token, and wait for approval if it asks for it"
        return HubProblem("gated", f"{about}: the repository is gated, and your token has no access yet", hint)
    hint = f"open {page}, accept its terms, then {_LOGIN}"
    return HubProblem("gated", f"{about}: the repository is gated, and no token is set", hint)


def _not_found(error: HfHubHTTPError, about: str) -> HubProblem:
    if _with_token(error):
        message = f"{about}: the Hub has no such repository that your token can see; it is misspelt or private"
        return HubProblem("not_found", message, "check the spelling and the permissions of the token")
    message = f"{about}: the Hub has no such public repository; it is misspelt or private"
    return HubProblem("not_found", message, f"check the spelling; for a private repository {_LOGIN}")


def _rate_limited(response: httpx.Response, about: str) -> HubProblem:
    from huggingface_hub.utils import parse_ratelimit_headers

    limit = parse_ratelimit_headers(response.headers)
    after = response.headers.get("retry-after", "")
    wait_s = float(limit.reset_in_seconds) if limit else float(after) if after.isascii() and after.isdigit() else None
    when = f"wait {wait_s:.0f} s" if wait_s is not None else "wait some minutes"
    return HubProblem("rate_limited", f"{about}: too many requests to the server", f"{when}, then try again", wait_s)


def _with_token(error: HfHubHTTPError) -> bool:
    return "authorization" in error.response.request.headers
