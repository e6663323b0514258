"""Results and noise of an eval, folded from its events: the writer and `verify` alike take them from here."""

from __future__ import annotations

from collections.abc import Sequence

from weighbridge.domain.proof.events import Attempt, Event
from weighbridge.domain.proof.noise import Noise, NoiseFold
from weighbridge.domain.verdict.cases import Case
from weighbridge.domain.verdict.decision import CaseResult
from weighbridge.domain.verdict.repeats import CaseFold


def fold_eval(jobs: Sequence[Sequence[Event]], cases: Sequence[Case]) -> tuple[dict[str, CaseResult], Noise | None]:
    """The newest result of each case, and the noise of the newest child that came to a result. `jobs`: in order."""
    fold, noise = CaseFold(cases), NoiseFold()
    results: dict[str, CaseResult] = {}
    found: Noise | None = None
    for job in jobs:
        came = False
        for event in job:
            noise.add(event)
            came = came and not isinstance(event, Attempt)
            if (result := fold.add(event)) is not None:
                results[result.case] = result
                came = True
        found = noise.result() if came else found
    return results, found
