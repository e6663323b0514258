"""How the threads of each child were come by, against its own trials and the settings that were wished."""

from __future__ import annotations

from collections.abc import Iterator

from weighbridge.domain.proof.events import Attempt, Swept, Trial
from weighbridge.services.packet_io.contents import Contents

EVENTS = "data/events.jsonl"


def check_threads(c: Contents) -> Iterator[str]:
    """A measurement stands on the trials before it; what the person fixed is what was used."""
    for job_id, job in c.jobs.items():
        attempt: Attempt | None = None
        trials: list[Trial] = []
        for event in job:
            match event:
                case Attempt():
                    attempt, trials = event, []
                case Trial():
                    trials.append(event)
                case Swept() if attempt:
                    for problem in _swept(event, trials, attempt):
                        yield f"{EVENTS}: attempt {attempt.number} of {job_id}: {problem}"
                case _:
                    pass


def _swept(swept: Swept, trials: list[Trial], attempt: Attempt) -> Iterator[str]:
    measured = [trial.model_dump(exclude={"t"}) for trial in trials]
    if swept.how != "remembered" and [trial.model_dump(exclude={"t"}) for trial in swept.trials] != measured:
        yield "the trials of `swept` are not those that were made"
    wished = attempt.settings
    for phase, fixed, used in (
        ("decode", wished.n_threads, swept.n_threads),
        ("prefill", wished.n_threads_batch, swept.n_threads_batch),
    ):
        if fixed not in (None, used):
            yield f"{fixed} threads for {phase} were wished, {used} were used"
