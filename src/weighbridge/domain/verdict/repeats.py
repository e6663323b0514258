"""The result of a case from the answers to it: one, or several where each prompt is asked more than once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from weighbridge.domain.proof.events import Attempt, Event, Graded
from weighbridge.domain.proof.measure import RequestFigures, RequestFold
from weighbridge.domain.proof.settings import RuntimeSettings
from weighbridge.domain.verdict.cases import Case
from weighbridge.domain.verdict.decision import CaseResult


@dataclass
class _Asked:
    """A case that is being asked. `first`: figures of the first answer; `differ`: whether a later text is another."""

    case: Case
    first: RequestFigures
    marks: list[Graded] = field(default_factory=list)
    differ: bool = False


class CaseFold:
    """Takes the events of an eval; a case has its result once every repeat of it is graded in one child.

    Holds the texts of one case. A child that dies within a case takes its answers with it: the case is asked anew.
    """

    def __init__(self, cases: Iterable[Case]) -> None:
        self._cases = {case.id: case for case in cases}
        self._requests = RequestFold()
        self._settings = RuntimeSettings()
        self._answer: RequestFigures | None = None
        self._asked: _Asked | None = None

    def add(self, event: Event) -> CaseResult | None:
        """Takes one event in; the result where it is the mark of a case's last answer."""
        figures = self._requests.add(event)
        if figures is not None:
            self._answer = figures
        match event:
            case Attempt():
                self._settings = event.settings
                self._answer = self._asked = None
            case Graded():
                return self._graded(event)
            case _:
                pass
        return None

    def _graded(self, mark: Graded) -> CaseResult | None:
        case, answer = self._cases.get(mark.case), self._answer
        if case is None or answer is None or answer.request != mark.request:
            return None
        if mark.repeat == 1:
            self._asked = _Asked(case, answer)
        asked = self._asked
        if asked is None or asked.case.id != mark.case or mark.repeat != len(asked.marks) + 1:
            return None
        asked.marks.append(mark)
        asked.differ |= answer.output != asked.first.output
        if mark.repeat < self._settings.repeats:
            return None
        self._asked = None
        return _result(asked, self._settings)


def _result(asked: _Asked, settings: RuntimeSettings) -> CaseResult:
    first, marks = asked.first, asked.marks
    failed = next((mark for mark in marks if not mark.passed), None)
    reason = (failed or marks[0]).reason
    if failed is not None and len(marks) > 1:
        reason = f"answer {failed.repeat} of {len(marks)}: {reason}"
    return CaseResult(
        case=asked.case.id,
        passed=failed is None,
        reason=reason,
        output=first.output,
        must_pass=asked.case.must_pass,
        stop_reason=first.stop_reason,
        ttft_s=first.ttft_s,
        decode_tokens_per_s=first.decode_tokens_per_s,
        prompt_tokens=first.prompt_tokens,
        output_tokens=first.output_tokens,
        peak_rss_bytes=first.peak_rss_bytes,
        total_s=first.total_s,
        reused_tokens=first.reused_tokens,
        repeats=len(marks),
        repeats_passed=sum(mark.passed for mark in marks) if len(marks) > 1 else None,
        unstable=asked.differ and settings.temperature == 0,
    )
