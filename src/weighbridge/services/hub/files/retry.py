"""Failures that may pass by themselves: which they are, and how long to wait before the next attempt."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from weighbridge.domain.problems import HubProblem
from weighbridge.services import encryption
from weighbridge.services.hub.files.transfer import Transfer
from weighbridge.services.hub.problems import hub_problem, nonsense
from weighbridge.services.hub.telling import LOG, SLOW_S
from weighbridge.services.model_file import Cancelled

if TYPE_CHECKING:
    import httpx2 as httpx

WAITS_S = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before the second and every later attempt in a row."""
LONGEST_WAIT_S = 60.0
"""A Hub that asks for a longer pause than this is left alone, and the person is told."""
_POLL_S = 0.05
_WORDS = {"timeout": "the server is silent", "rate_limited": "the server asks for a pause"}


class Transient(Exception):
    """A failure that may pass. `problem`: what it is called where it does not; it may name the seconds to wait."""

    def __init__(self, problem: HubProblem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class Patience:
    """Counts failures in a row and waits longer after each. `cancelled` ends a wait at once.

    `longest_s`: a server that asks for a longer pause is not waited for.
    """

    def __init__(
        self, cancelled: Callable[[], bool], waits: Sequence[float], longest_s: float = LONGEST_WAIT_S
    ) -> None:
        self._cancelled = cancelled
        self._waits = waits
        self._longest_s = longest_s
        self._failures = 0

    def progressed(self) -> None:
        """Something came since the last failure, so that the next one is a first one."""
        self._failures = 0

    def wait(self, failure: Transient) -> None:
        """Returns when the next attempt is due. Raises the failure's problem after the last one, or Cancelled."""
        if self._failures == len(self._waits):
            raise failure.problem from failure
        seconds = max(self._waits[self._failures], failure.problem.wait_s or 0.0)
        if seconds > self._longest_s:
            raise failure.problem from failure
        self._failures += 1
        self._tell(failure.problem, seconds)
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self._cancelled():
                raise Cancelled
            time.sleep(min(left, _POLL_S))

    def _tell(self, problem: HubProblem, seconds: float) -> None:
        what = _WORDS.get(problem.kind, "the server or the connection fails")
        when = f" in {seconds:.0f} s" if seconds >= SLOW_S else ""
        LOG.info("%s; trying again%s (%d of %d)", what, when, self._failures, len(self._waits))


def answer(transfer: Transfer, about: str, accepted: Collection[int]) -> httpx.Response:
    """The head of an answer with one of the accepted statuses.

    Raises Transient, HubProblem or Cancelled. `about`: what was asked for, as a person reads it.
    """
    from huggingface_hub.utils import hf_raise_for_status, httpx

    try:
        response = transfer.head()
        if response.status_code in accepted:
            return response
        hf_raise_for_status(response)
    except (httpx.TransportError, TimeoutError) as error:
        problem = hub_problem(error, about)
        if encryption.failure(error):
            raise problem from error
        raise Transient(problem) from error
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        problem = hub_problem(error, about)
        if problem.kind in ("rate_limited", "unreachable"):
            raise Transient(problem) from error
        raise problem from error
    raise nonsense(about, f"answers with status {response.status_code}")


def body(transfer: Transfer, about: str) -> Iterator[bytes]:
    """What an answer holds, block by block. Raises Transient or Cancelled."""
    from huggingface_hub.utils import httpx

    try:
        yield from transfer.blocks()
    except (httpx.TransportError, TimeoutError) as error:
        raise Transient(hub_problem(error, about)) from error


def cut_off(about: str) -> HubProblem:
    """An answer that ends before it is whole, without any failure of the connection."""
    return HubProblem("unreachable", f"{about}: the server ends its answer too early", "try again later")
