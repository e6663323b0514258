"""What an eval adds to a job: the mark of each answer, and of each answer that did not come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from weighbridge.domain.proof.events import Completed, Failed, Graded
from weighbridge.domain.proof.runtime import ENDED_BY_SOMEBODY
from weighbridge.domain.proof.settings import Request
from weighbridge.domain.verdict.cases import Case
from weighbridge.domain.verdict.failures import cut_off
from weighbridge.services.cases.marking import mark

Clock = Callable[[], float]


class Grading:
    """`has_result`: whether a case needs no more answers. It is asked before each request."""

    def __init__(self, cases: Mapping[str, Case], has_result: Callable[[str], bool]) -> None:
        self._cases, self._has_result = cases, has_result
        self._failed: set[str] = set()

    def begin_anew(self) -> None:
        """Another mode: what failed before may not fail in it."""
        self._failed.clear()

    def is_due(self, request: Request) -> bool:
        """Whether the request is still to be made. The warm-up always is, and alone it is nothing."""
        case = request.case
        return not case or not (case in self._failed or self._has_result(case))

    def is_over(self, requests: tuple[Request, ...]) -> bool:
        """Whether no case is left."""
        return not any(request.case and self.is_due(request) for request in requests)

    async def mark(self, request: Request, done: Completed, clock: Clock, no_answer: str) -> Graded | None:
        """The mark of a completed request; None for the warm-up. No grader passes an answer without a token.

        `no_answer`: why there is none, if there is none.
        """
        case = self._cases.get(done.case)
        if case is None or done.stop_reason == "stopped":
            return None
        if done.stop_reason == "time_limit" and request.time_limit_s is not None:
            return _failed(request, clock(), cut_off(request.time_limit_s))
        made = (await asyncio.to_thread(mark, {case.id: case}, {case.id: done.output}))[case.id]
        reason = made.reason if done.answered and not done.only_thought else no_answer
        return Graded(
            t=clock(), request=done.request, case=case.id, repeat=done.repeat, passed=made.passed, reason=reason
        )

    def failure(self, request: Request, failed: Failed, clock: Clock) -> Graded | None:
        """The result of a case within which the engine failed; None where that says nothing of the case.

        The time limit of the whole child hits whichever case is asked then, and so does somebody who ends the child.
        """
        if failed.kind == "outside" and not failed.survived:
            return None
        whole = failed.kind == "time_limit" and failed.signal is None and request.time_limit_s is None
        if whole or failed.signal in ENDED_BY_SOMEBODY or request.case not in self._cases:
            return None
        self._failed.add(request.case)
        return _failed(request, clock(), failed.message)


def _failed(request: Request, t: float, why: str) -> Graded:
    names = {"request": request.id, "case": request.case, "repeat": request.repeat}
    return Graded(t=t, **names, passed=False, reason=why, failure=why)
