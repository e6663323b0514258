"""Results and noise of an eval, folded from its events: the writer and `verify` alike take them from here."""

from __future__ import annotations

from collections.abc import Sequence

from weighbridge.domain.proof.events import Event, Token
from weighbridge.domain.proof.noise import Noise
from weighbridge.domain.verdict.cases import Case
from weighbridge.domain.verdict.decision import CaseResult
from weighbridge.domain.verdict.repeats import CaseFold
from weighbridge.domain.verdict.result_noise import ResultNoise


def fold_eval(jobs: Sequence[Sequence[Event]], cases: Sequence[Case]) -> tuple[dict[str, CaseResult], Noise | None]:
    """The newest result of each case, and the noise of the newest job that came to a result. `jobs`: in order."""
    fold, noise = CaseFold(cases), ResultNoise()
    results: dict[str, CaseResult] = {}
    for job in jobs:
        for event in job:
            result = fold.add(event)
            if not isinstance(event, Token):  # nearly all events are tokens, and tell nothing of noise
                noise.add(event, result is not None)
            if result is not None:
                results[result.case] = result
    return results, noise.result()
