"""What a kill or a full disk left without a record is taken over from the events when a run is opened again."""

from __future__ import annotations

from contextlib import suppress

from weighbridge.domain.flow import inputs_digest
from weighbridge.domain.problems import OutsideFailed
from weighbridge.domain.proof.events import Attempt, Ended, RequestStarted
from weighbridge.domain.proof.fold import JobFold
from weighbridge.domain.run import Run
from weighbridge.services.runs.store import RunFolder
from weighbridge.session.jobs import eval_fold
from weighbridge.session.jobs.proving import record, standing


def recovered(run: Run, folder: RunFolder) -> Run:
    """The run with every result that its events hold whole. OutsideFailed where the events of an eval are damaged."""
    return _with_proof(eval_fold.recovered(run, folder.events()), folder)


def _with_proof(run: Run, folder: RunFolder) -> Run:
    """A proof that came to its end, and whose record could not be saved, gets its record.

    Only the newest job is looked at, and only where model, settings and prompt are those of the run: the record says
    which inputs it was made from. Damaged events leave the run as it is; they are told where they are needed.
    """
    with suppress(OutsideFailed):
        fold, asked = JobFold(), set[str]()
        for event in folder.newest_job():
            if isinstance(event, Attempt) and not _is_unrecorded_proof(run, event):
                return run
            if isinstance(event, RequestStarted) and not event.warmup:
                asked.add(event.prompt)
            fold.add(event)
        if fold.newest(Attempt) is None or fold.newest(Ended) is None or not asked <= {run.prompt}:
            return run
        made = record(run, inputs_digest(run, "proof"), fold)
        return run.model_copy(update={"proof": standing(run.proof, made)})
    return run


def _is_unrecorded_proof(run: Run, attempt: Attempt) -> bool:
    made_with = (attempt.model_sha256, attempt.settings)
    same = run.model is not None and made_with == (run.model.sha256, run.settings)
    known = {run.proof.job_id} if run.proof else set()
    return attempt.job == "proof" and same and attempt.job_id not in known
