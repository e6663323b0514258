"""The eval as a log of Inspect (format 2, JSON), for `inspect view` and `read_eval_log`; written without Inspect.

A case is a sample, a repeat an epoch. `inspect view` lists the JSON files whose names begin with a time, so that the
log has Inspect's own name. Accuracy alone is given as a metric: the standard error that Inspect would add rests on
the central limit theorem, which says nothing of a few cases.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from weighbridge.domain.proof.events import Attempt, Ended, Event, Ready
from weighbridge.domain.proof.settings import HeardSettings
from weighbridge.domain.proof.summary import last
from weighbridge.domain.serving.sent import heard
from weighbridge.services.packet_io.contents import Contents
from weighbridge.services.packet_io.formats.answers import Answer, answers
from weighbridge.services.packet_io.formats.inspect_sample import SCORER, inspect_id, sample
from weighbridge.services.packet_io.json_text import json_text
from weighbridge.services.packet_io.records.files import DecisionFile, EvalNote

FOLDER = "data/eval/inspect/"
TASK = "weighbridge"
MAX_BYTES = 48 * 2**20
"""A larger log is not made: it holds each answer three times, and `results.jsonl` and `events.jsonl` have them all."""
TOO_LARGE = f"it would have more than {MAX_BYTES // 2**20} MiB; `eval/results.jsonl` has every result"


def model_name(attempt: Attempt) -> str:
    """As Inspect names a model: who runs it, and which."""
    return f"{attempt.runtime}/{attempt.target.model if attempt.target else attempt.model_file}"


def log_name(c: Contents) -> str:
    """Path of the log; empty where there is none to write: no answer was marked, or the log would be too large."""
    return f"{FOLDER}{_file_name(c)}" if _text(c) else ""


def inspect_log(c: Contents) -> str:
    """The log's text."""
    return _text(c)


def _text(c: Contents) -> str:
    """Made once for each packet that is read; empty where there is none."""
    if FOLDER not in c.made:
        text = "".join(_parts(c)) if c.results and c.jobs and c.decision and c.decision.evaluation else ""
        c.made[FOLDER] = text if len(text.encode("utf-8")) <= MAX_BYTES else ""
    return c.made[FOLDER]


def _file_name(c: Contents) -> str:
    assert c.decision is not None
    assert c.decision.evaluation is not None
    at = re.sub(r"[^0-9A-Za-z-]", "-", c.decision.evaluation.fixed_at)
    return f"{at}_{TASK}_{inspect_id(c.decision.packet, 'task')}.json"


def _parts(c: Contents) -> Iterator[str]:
    """The header over many lines, each sample in one."""
    d = c.decision
    assert d is not None
    note = d.evaluation
    assert note is not None
    jobs = [c.jobs[name] for name in note.job_ids if name in c.jobs]
    attempt = last([e for job in jobs for e in job if isinstance(e, Attempt)], Attempt)
    if attempt is None:
        return
    said = answers((c.jobs[name], c.figures[name]) for name in note.job_ids if name in c.jobs)
    model = model_name(attempt)
    yield json_text(_header(c, d, note, jobs, attempt, said), 1).removesuffix("\n}") + ',\n "samples": ['
    cases, comma = {case.id: case for case in c.cases}, "\n"
    for result in c.results:
        for epoch, answer in enumerate(said.get(result.case, ()), 1):
            if result.case in cases:
                made = sample(d.packet, model, cases[result.case], result, answer, epoch)
                yield comma + json_text(made, None)
                comma = ",\n"
    yield "\n ]\n}\n"


def _header(
    c: Contents,
    d: DecisionFile,
    note: EvalNote,
    jobs: Sequence[Sequence[Event]],
    attempt: Attempt,
    said: dict[str, list[Answer]],
) -> dict[str, Any]:
    """Everything but the samples, in the order of Inspect's own files."""
    status = "success" if note.gate else "error" if note.outcome == "failed" else "cancelled"
    failed = {"error": {"message": note.message, "traceback": "", "traceback_ansi": ""}} if status == "error" else {}
    ended = last([e for job in jobs for e in job if isinstance(e, Ended)], Ended)
    began = next(e.at for job in jobs for e in job if isinstance(e, Attempt))
    return {
        "version": 2,
        "status": status,
        "eval": _spec(c, d, note, jobs, attempt),
        "plan": {
            "name": "plan",
            "steps": [{"solver": "generate", "params": {}, "params_passed": {}}],
            "config": {},
        },
        "results": _results(c, attempt, said),
        "stats": {
            "started_at": began,
            "completed_at": ended.at if ended else "",
            "model_usage": {model_name(attempt): usage} if (usage := _usage(said)) else {},
            "role_usage": {},
            "connection_limit_history": [],
        },
        **failed,
        "invalidated": False,
        "tags": [],
        "metadata": {},
    }


def _spec(
    c: Contents, d: DecisionFile, note: EvalNote, jobs: Sequence[Sequence[Event]], attempt: Attempt
) -> dict[str, Any]:
    settings = attempt.settings
    name, _, version = d.software.partition(" ")
    return {
        "eval_id": inspect_id(d.packet, "eval"),
        "run_id": inspect_id(d.packet, "run"),
        "created": note.fixed_at,
        "task": TASK,
        "task_id": inspect_id(d.packet, "task"),
        "task_version": 1,
        "task_attribs": {},
        "task_args": {},
        "task_args_passed": {},
        "solver": "generate",
        "solver_args_passed": {},
        "dataset": {
            "name": c.policy.policy.pack if c.policy else None,
            "samples": len(c.cases),
            "sample_ids": [case.id for case in c.cases],
            "shuffled": False,
        },
        "model": model_name(attempt),
        "model_generate_config": {
            "temperature": settings.temperature,
            "seed": settings.seed,
            "max_tokens": settings.max_tokens,
        },
        "model_args": {},
        "config": {"epochs": settings.repeats, "epochs_reducer": [_reducer(settings.repeats)]},
        "packages": {name: version, attempt.runtime: attempt.version},
        "metadata": _metadata(c, d, note, jobs, attempt),
    }


def _metadata(
    c: Contents, d: DecisionFile, note: EvalNote, jobs: Sequence[Sequence[Event]], attempt: Attempt
) -> dict[str, Any]:
    """What Inspect has no field for: which weights, how they were run, and the gate."""
    ready = last([e for job in jobs for e in job if isinstance(e, Ready)], Ready)
    return {
        "packet": d.packet,
        "model_sha256": attempt.model_sha256 or None,
        **({"server": attempt.target.model_dump(mode="json")} if attempt.target else {}),
        "mode": attempt.mode,
        "settings": _settings(c, attempt).model_dump(mode="json"),
        "system_info": ready.system_info if ready else None,
        "policy": c.policy.policy.model_dump(mode="json") if c.policy else None,
        "gate": note.gate.model_dump(mode="json") if note.gate else None,
        "noise": note.noise.mark if note.noise else None,
        "evaluator_relationship": "first_party",
    }


def _settings(c: Contents, attempt: Attempt) -> HeardSettings:
    """As runtime.json keeps them: in a packet of an earlier version with values that no server heard."""
    said = c.runtime.settings if c.runtime else None
    target = attempt.target if said is None or said.n_batch is None else None
    return heard(attempt.settings, target)


def _reducer(repeats: int) -> str:
    """How marks of the repeats become one: a case passes where every answer does."""
    return "mean" if repeats == 1 else f"at_least_{repeats}"


def _results(c: Contents, attempt: Attempt, said: dict[str, list[Answer]]) -> dict[str, Any]:
    total = sum(len(said.get(result.case, ())) for result in c.results)
    share = sum(result.counts for result in c.results) / len(c.results)
    repeats = attempt.settings.repeats
    score = {
        "name": SCORER,
        "scorer": SCORER,
        **({} if repeats == 1 else {"reducer": _reducer(repeats)}),
        "scored_samples": len(c.results),
        "unscored_samples": 0,
        "params": {},
        "metrics": {"accuracy": {"name": "accuracy", "value": share, "params": {}}},
    }
    return {"total_samples": len(c.cases) * repeats, "completed_samples": total, "scores": [score]}


def _usage(said: dict[str, list[Answer]]) -> dict[str, int]:
    """Empty where a server left the tokens of an answer uncounted: a part of a sum is no sum."""
    whole = [answer.figures for some in said.values() for answer in some if answer.figures]
    read = [one.prompt_tokens for one in whole if one.prompt_tokens is not None]
    made = [one.output_tokens for one in whole if one.output_tokens is not None]
    if min(len(read), len(made)) < len(whole):
        return {}
    return {"input_tokens": sum(read), "output_tokens": sum(made), "total_tokens": sum(read) + sum(made)}
