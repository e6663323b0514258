"""Which evidence and confirmations of a run agree with their inputs, and how they are kept so when inputs are reworded.

Rewording (a migration, a redaction) is no change of an answer: what agreed before has to agree after it, and what was
stale stays stale.
"""

from __future__ import annotations

from typing import NamedTuple

from weighbridge.domain.flow import inputs_digest
from weighbridge.domain.run import Run
from weighbridge.domain.steps import StepId

EVIDENCE: tuple[tuple[StepId, str], ...] = (("proof", "proof"), ("eval", "evaluation"), ("packet", "packet"))
"""Steps that leave a record with the digest of its inputs, in order, and the field of the run that holds it."""


class Standing(NamedTuple):
    """`evidence`: steps whose record is of the present inputs. `confirmed`: steps that stand as they were confirmed."""

    evidence: frozenset[StepId]
    confirmed: frozenset[StepId]

    def without(self, steps: set[StepId]) -> Standing:
        return Standing(self.evidence - steps, self.confirmed - steps)


def standing(run: Run) -> Standing:
    """What of a run agrees with its inputs."""
    records = [(step, getattr(run, field)) for step, field in EVIDENCE]
    return Standing(
        frozenset(step for step, record in records if record and record.inputs == inputs_digest(run, step)),
        frozenset(step for step, seen in run.confirmed.items() if seen == inputs_digest(run, step)),
    )


def restored(run: Run, was: Standing) -> Run:
    """A reworded run with the digests of its present inputs wherever they agreed with the earlier wording.

    In order: the digest of a later step speaks of the evidence of an earlier one.
    """
    for step, field in EVIDENCE:
        record = getattr(run, field)
        if record is not None and step in was.evidence:
            fresh = record.model_copy(update={"inputs": inputs_digest(run, step)})
            run = run.model_copy(update={field: fresh})
    confirmed = {step: inputs_digest(run, step) for step in was.confirmed if step in run.confirmed}
    return run.model_copy(update={"confirmed": {**run.confirmed, **confirmed}})
