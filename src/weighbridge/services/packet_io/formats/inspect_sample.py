"""One answer to one case as a sample of an Inspect log.

Fields as inspect-ai 0.3.285 writes and reads them (`inspect log schema`); only what is known is there.
"""

from __future__ import annotations

import uuid
from typing import Any

from weighbridge.domain.base import canonical_json
from weighbridge.domain.verdict.cases import Case
from weighbridge.domain.verdict.decision import CaseResult
from weighbridge.services.packet_io.formats.answers import Answer

SCORER = "pass"
"""One name for every case: the viewer has a column for each scorer."""
_STOP = {"eos": "stop", "max_tokens": "max_tokens", "context_full": "model_length"}
"""Our reasons in Inspect's words; what has none there is `unknown`."""
_MEASURED = (
    *("stop_reason", "ttft_s", "prefill_tokens_per_s", "decode_tokens_per_s"),
    *("peak_rss_bytes", "reused_tokens"),
)
_FIGURES = (*_MEASURED, "output", "prompt_tokens", "output_tokens", "total_s")


def inspect_id(packet: str, *names: str) -> str:
    """An id of 22 characters, as long as Inspect's own: the same for the same packet."""
    return uuid.uuid5(uuid.NAMESPACE_URL, "/".join((packet, *names))).hex[:22]


def sample(packet: str, model: str, case: Case, result: CaseResult, answer: Answer, epoch: int) -> dict[str, Any]:
    """The sample of one answer; of one that did not come whole what its result has of it."""
    said = _said(result, answer)
    asked = [{"id": inspect_id(packet, case.id, str(epoch), str(at)), **turn} for at, turn in enumerate(_asked(case))]
    message = {
        "id": inspect_id(packet, case.id, str(epoch), "answer"),
        "role": "assistant",
        "content": said["output"],
        "source": "generate",
        "model": model,
    }
    usage = _usage(said)
    made: dict[str, Any] = {
        "id": case.id,
        "epoch": epoch,
        "input": asked if case.messages else case.full_prompt,
        "target": _target(case),
        "messages": [*asked, message],
        "output": {
            "model": model,
            "choices": [{"message": message, "stop_reason": _STOP.get(said["stop_reason"], "unknown")}],
            "completion": said["output"],
            **({"usage": usage} if usage else {}),
            **({"time": said["total_s"]} if said["total_s"] is not None else {}),
        },
        "scores": {SCORER: _score(result, answer, said["output"])},
        "metadata": _metadata(case, answer, said),
        "store": {},
        "events": [],
        "model_usage": {model: usage} if usage else {},
        "role_usage": {},
        "uuid": inspect_id(packet, case.id, str(epoch)),
        "attachments": {},
    }
    if said["total_s"] is not None:
        made |= {"total_time": said["total_s"], "working_time": said["total_s"]}
    if answer.mark.failure:
        made["error"] = {"message": answer.mark.failure, "traceback": "", "traceback_ansi": ""}
    return made


def _said(result: CaseResult, answer: Answer) -> dict[str, Any]:
    """Text and figures: of the answer, else of the result where it is of this mark, else nothing."""
    if answer.figures is not None:
        return {name: getattr(answer.figures, name) for name in _FIGURES}
    if answer.mark.repeat == 1:
        return {"prefill_tokens_per_s": None, **result.model_dump(include={*_FIGURES})}
    return {**dict.fromkeys(_FIGURES), "output": "", "stop_reason": "failed", "output_tokens": 0}


def _usage(said: dict[str, Any]) -> dict[str, int]:
    """Empty where prompt or answer was never counted."""
    read, made = said["prompt_tokens"], said["output_tokens"]
    return (
        {}
        if read is None or made is None
        else {"input_tokens": read, "output_tokens": made, "total_tokens": read + made}
    )


def _asked(case: Case) -> list[dict[str, str]]:
    if not case.messages:
        return [{"role": "user", "content": case.full_prompt}]
    return [{"role": message.role, "content": message.content} for message in case.conversation]


def _target(case: Case) -> str | list[str]:
    """What was expected: the grader's targets where it has some, else the whole grader."""
    target = getattr(case.grader, "target", None)
    if isinstance(target, tuple | list):
        return [str(one) for one in target]
    return str(target) if isinstance(target, str | float) else canonical_json(case.grader)


def _score(result: CaseResult, answer: Answer, output: str) -> dict[str, Any]:
    """The grader's mark; where a person overruled it, theirs, with the grader's as the first of its history."""
    mark = {"value": _letter(answer.mark.passed), "answer": output, "explanation": answer.mark.reason}
    if (own := result.overruled) is None:
        return {**mark, "history": []}
    why = f"overruled by the person: {own.reason}"
    given = {"timestamp": own.at, "author": "the person who ran the eval", "reason": own.reason, "metadata": {}}
    edit = {"value": _letter(own.passed), "answer": "UNCHANGED", "explanation": why, "metadata": "UNCHANGED"}
    history = [{**mark, "metadata": {}}, {**edit, "provenance": given}]
    return {**mark, "value": _letter(own.passed), "explanation": why, "history": history}


def _letter(passed: bool) -> str:
    return "C" if passed else "I"


def _metadata(case: Case, answer: Answer, said: dict[str, Any]) -> dict[str, Any]:
    return {
        "grader": case.grader.model_dump(mode="json"),
        "must_pass": case.must_pass,
        "tags": list(case.tags),
        "why": case.why,
        "request": answer.mark.request,
        **{name: said[name] for name in _MEASURED},
    }
