"""Reads `run.json` of this version and of earlier ones: one function a step, from a version to the next.

A migration rewords; it never changes what was measured or decided. Digests of inputs follow the new wording where
they agreed before, so that nothing turns stale by the migration alone; an eval whose answers would get other marks
from the present graders does turn stale.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict

from weighbridge.domain.problems import OutsideFailed
from weighbridge.domain.run import EvalRecord, Run
from weighbridge.domain.standing import restored
from weighbridge.domain.steps import StepId
from weighbridge.domain.verdict.cases import CasePack, Policy
from weighbridge.domain.verdict.decision import CaseResult
from weighbridge.domain.verdict.graders import grade, migrated_grader
from weighbridge.services.runs.run_v1 import Agreed, agreed

PRESENT = 2
"""Version of the run folder that this program writes."""

Data = dict[str, Any]


class Newer(OutsideFailed):
    """The run was made by a newer weighbridge: reading it as if it were known could lose what it says."""

    def __init__(self, version: int) -> None:
        super().__init__(
            f"It was made by a newer weighbridge: its schema version is {version}, and this one reads up to {PRESENT}.",
            "Open it with the newer weighbridge; nothing of it was changed.",
        )


class _Version(BaseModel):
    """The first thing to know of a file. A file that names no version is of the first one."""

    model_config = ConfigDict(strict=True)

    schema_version: int = 1


def version_of(text: bytes) -> int:
    """The schema version of a `run.json`. ValueError where it is none."""
    return _Version.model_validate_json(text).schema_version


def read_run(text: bytes) -> Run:
    """A run of any version up to the present one. Newer for a later one; ValueError where it is no run."""
    version = version_of(text)
    if version == PRESENT:
        return Run.model_validate_json(text)
    if version > PRESENT:
        raise Newer(version)
    try:
        data = json.loads(text)
        run = Run.model_validate_json(json.dumps(migrated(data)))
        return _with_digests(run, agreed(data))
    except (LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a run of version {version}") from error


def migrated(data: Data) -> Data:
    """The plain data of a run, brought from its version to the present one. Newer for a later version."""
    version = data.get("schema_version", 1)
    if version > PRESENT:
        raise Newer(version)
    for step in range(version, PRESENT):
        data = _STEPS[step](data)
    return data


def _to_2(data: Data) -> Data:
    """Graders `exact` and `numeric` became `match`, in the pack and in the pack that the eval was run with."""
    made = copy.deepcopy(data)
    for holder in (made, made.get("evaluation") or {}):
        for case in (holder.get("pack") or {"case": ()})["case"]:
            case["grader"] = migrated_grader(case["grader"])
    return {**made, "schema_version": 2}


_STEPS: dict[int, Callable[[Data], Data]] = {1: _to_2}


def _with_digests(run: Run, was: Agreed) -> Run:
    """The run with every digest brought along that agreed with what stood beside it before the migration."""
    record = run.evaluation
    update: dict[str, Any] = {}
    if "pack" in was.packs:
        update["policy"] = _speaking_of(run.pack, run.policy)
    if record and "evaluation" in was.packs:
        record = record.model_copy(update={"policy": _speaking_of(record.pack, record.policy)})
        update["evaluation"] = record
    run = run.model_copy(update=update)
    lost: set[StepId] = set()
    if record and not _same_marks(record):
        lost = {"eval", "decision", "packet"}
    return restored(run, was.standing.without(lost))


def _speaking_of(pack: CasePack | None, policy: Policy | None) -> Policy | None:
    return policy.model_copy(update={"cases_digest": pack.digest}) if pack and policy else policy


def _same_marks(record: EvalRecord) -> bool:
    """Whether the present graders mark the answers on record as they were marked.

    Patterns are searched as they always were, and are left out: a hostile one would hold the reader up.
    """
    graders = {case.id: case.grader for case in record.pack.case if case.grader.kind != "pattern"}
    return all(_fits(result, grade(graders[result.case], result.output).passed) for result in record.results
               if result.case in graders)  # fmt: skip


def _fits(result: CaseResult, passed: bool) -> bool:
    """Whether a mark of the first answer fits a result; with repeats a case passes where every answer does."""
    if result.repeats_passed is not None and 0 < result.repeats_passed < result.repeats:
        return True
    return passed == result.passed or not result.output_tokens
