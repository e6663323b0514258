"""The result of a case from the answers to it: one, or several where each prompt is asked more than once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from weighbridge.domain.proof.events import Attempt, Event, Graded, RequestStarted, Token
from weighbridge.domain.proof.measure import RequestFigures, RequestFold
from weighbridge.domain.proof.settings import RuntimeSettings
from weighbridge.domain.verdict.cases import Case
from weighbridge.domain.verdict.decision import CaseResult
from weighbridge.domain.verdict.graders import cleaned

FAILED = "failed"
"""`stop_reason` of an answer that the engine did not end."""


@dataclass
class _Asked:
    """A case that is being asked. `first`: text and figures of the first answer; `differ`: whether a later text is
    another."""

    case: Case
    first: dict[str, Any]
    marks: list[Graded] = field(default_factory=list)
    differ: bool = False
    doubts: dict[str, None] = field(default_factory=dict)


class CaseFold:
    """Takes the events of an eval; a case has its result once every repeat of it is graded in one child.

    An answer that did not come whole ends its case: what came of it is kept, and its repeats are not asked. Holds the
    texts of one case. A child that dies within a case without such a mark takes its answers with it: the case is asked
    anew.
    """

    def __init__(self, cases: Iterable[Case]) -> None:
        self._cases = {case.id: case for case in cases}
        self._requests = RequestFold()
        self._settings = RuntimeSettings()
        self._answer: RequestFigures | None = None
        self._asked: _Asked | None = None
        self._pieces: list[str] = []

    def add(self, event: Event) -> CaseResult | None:
        """Takes one event in; the result where it is the mark of a case's last answer."""
        figures = self._requests.add(event)
        if figures is not None:
            self._answer = figures
        match event:
            case Token():
                self._pieces.append(event.text)
            case RequestStarted():
                self._pieces = []
            case Attempt():
                self._settings = event.settings
                self._answer = self._asked = None
                self._pieces = []
            case Graded():
                return self._graded(event)
            case _:
                pass
        return None

    def _graded(self, mark: Graded) -> CaseResult | None:
        case, said = self._cases.get(mark.case), self._said(mark)
        if case is None or said is None:
            return None
        if mark.repeat == 1:
            self._asked = _Asked(case, said)
        asked = self._asked
        if asked is None or asked.case.id != mark.case or mark.repeat != len(asked.marks) + 1:
            return None
        asked.marks.append(mark)
        asked.doubts |= dict.fromkeys(self._doubts(mark))
        asked.differ |= not mark.failure and said["output"] != asked.first["output"]
        if mark.repeat < self._settings.repeats and not mark.failure:
            return None
        self._asked = None
        return _result(asked, self._settings)

    def _doubts(self, mark: Graded) -> tuple[str, ...]:
        """What is doubtful of the answer that is marked."""
        answer = self._answer
        return answer.doubts if answer is not None and answer.request == mark.request else ()

    def _said(self, mark: Graded) -> dict[str, Any] | None:
        """Text and figures of the answer that is marked; what there is of it where it did not come whole."""
        answer = self._answer
        if answer is not None and answer.request == mark.request:
            return _whole(answer)
        if not mark.failure:
            return None
        requests, asked = self._requests, self._requests.open
        begun = asked is not None and asked.request == mark.request
        return {
            "output": "".join(self._pieces) if begun else "",
            "stop_reason": FAILED,
            "ttft_s": requests.ttft_s if begun else None,
            "decode_tokens_per_s": requests.decode_tokens_per_s if begun else None,
            "prompt_tokens": asked.prompt_tokens if asked is not None and begun else None,
            "output_tokens": requests.counted if begun else 0,
            "peak_rss_bytes": requests.peak,
        }


def _whole(answer: RequestFigures) -> dict[str, Any]:
    return {
        "output": answer.output,
        "stop_reason": answer.stop_reason,
        "ttft_s": answer.ttft_s,
        "decode_tokens_per_s": answer.decode_tokens_per_s,
        "prompt_tokens": answer.prompt_tokens,
        "output_tokens": answer.output_tokens,
        "peak_rss_bytes": answer.peak_rss_bytes,
        "total_s": answer.total_s,
        "reused_tokens": answer.reused_tokens,
    }


def _result(asked: _Asked, settings: RuntimeSettings) -> CaseResult:
    marks, output = asked.marks, asked.first["output"]
    clean = cleaned(output)
    failed = next((mark for mark in marks if not mark.passed), None)
    reason = (failed or marks[0]).reason
    if failed is not None and settings.repeats > 1:
        reason = f"answer {failed.repeat} of {settings.repeats}: {reason}"
    return CaseResult(
        case=asked.case.id,
        passed=failed is None,
        reason=reason,
        must_pass=asked.case.must_pass,
        **asked.first,
        repeats=len(marks),
        repeats_passed=sum(mark.passed for mark in marks) if len(marks) > 1 else None,
        unstable=asked.differ and settings.temperature == 0,
        # White space around an answer is nothing that a person has to compare.
        cleaned=clean if clean != output.strip() else "",
        failure=marks[-1].failure,
        doubts=tuple(asked.doubts),
    )
