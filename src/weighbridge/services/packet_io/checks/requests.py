"""What the events of one request say of each other: asked, read, answered and marked as one and the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from weighbridge.domain.base import Record
from weighbridge.domain.proof.events import (
    Attempt,
    Completed,
    Event,
    Failed,
    Graded,
    Loaded,
    Prefilled,
    RequestStarted,
    Token,
)
from weighbridge.domain.verdict.failures import failure_of
from weighbridge.services.packet_io.contents import Contents

EVENTS = "data/events.jsonl"
ASKED = ("request", "case", "warmup", "repeat", "prompt_tokens")
READ = ("request", "prompt_tokens", "prefill_s", "reused_tokens")
SERVED = ("request", "case", "warmup", "repeat")
MARKED = ("request", "case", "repeat")


def check_requests(c: Contents) -> Iterator[str]:
    """Every request of every job, and the threads with which each engine was made."""
    for job_id, job in c.jobs.items():
        for problem in _job(job):
            yield f"{EVENTS}: {job_id}: {problem}"


def _job(job: Sequence[Event]) -> Iterator[str]:
    attempt: Attempt | None = None
    asked: RequestStarted | None = None
    begun: RequestStarted | None = None
    read: Prefilled | None = None
    done: Completed | None = None
    failed: Failed | None = None
    for event in job:
        match event:
            case Attempt():
                attempt, asked, read, done, failed = event, None, None, None, None
            case Loaded() if attempt:
                yield from _threads(event, attempt)
            case RequestStarted():
                asked = begun = event
                read = done = failed = None
            case Prefilled():
                yield from _alike(event, asked, ("request", "prompt_tokens"))
                read = event
            case Token():
                yield from _token(event, asked, asked if attempt and attempt.target else read)
            case Completed():
                served = attempt is not None and attempt.target is not None
                yield from _alike(event, asked, SERVED if served else ASKED)
                if read:
                    yield from _alike(event, read, READ)
                yield from _served(event, read) if served else _possible(event)
                asked, done = None, event
            case Failed():
                failed = event
            case Graded():
                yield from _whole(event, failure_of(begun, failed or done))
                if failed is None or asked is not None:
                    yield from _alike(event, done if failed is None else asked, MARKED)
            case _:
                pass


def _alike(event: Prefilled | Completed | Graded, other: Record | None, fields: Sequence[str]) -> Iterator[str]:
    """Two events of one request have the same names and counts."""
    if other is None:
        yield f"`{event.event}` of {event.request!r} stands without the request before it"
        return
    for field in fields:
        said, right = getattr(event, field), getattr(other, field)
        if said != right:
            yield f"{field} of {event.request!r} is {said!r} in `{event.event}` and {right!r} in the event before"


def _whole(mark: Graded, failure: str) -> Iterator[str]:
    """A case without a whole answer has failed, for the reason that the events give."""
    if mark.failure != failure:
        said = f"failed by {mark.failure!r}" if mark.failure else "marked as a whole answer"
        yield f"{mark.request!r} is {said}; the event before says {failure or 'that it is whole'!r}"
    elif failure and mark.passed:
        yield f"{mark.request!r} is marked passed, and had no whole answer"


def _token(event: Token, asked: RequestStarted | None, read: Prefilled | RequestStarted | None) -> Iterator[str]:
    """A token comes of a prompt that was read; of a server a piece comes of one that was handed over."""
    if event.index == 0 and (asked is None or read is None):
        yield f"the answer to {event.request!r} begins before its prompt was read"
    elif asked and event.request != asked.request:
        yield f"token {event.index} of {event.request!r} stands in the answer to {asked.request!r}"


def _possible(done: Completed) -> Iterator[str]:
    """Of a prompt that was read a part may have been kept, and not all of it: its last token gives the first answer."""
    if not 0 <= done.reused_tokens <= max(0, (done.prompt_tokens or 0) - 1):
        yield f"{done.request!r} kept {done.reused_tokens} of {done.prompt_tokens} prompt tokens"


def _served(done: Completed, read: Prefilled | None) -> Iterator[str]:
    """What only the child on this machine can know stands in no answer of a server. What the server counts is its own
    word: where it does not add up, the answer has a doubt."""
    if read is not None or done.prefill_s is not None:
        yield f"{done.request!r} is a server's, and tells of decode calls that nobody saw"
    if done.reused_tokens < 0 or (done.pieces or 0) < 0:
        yield f"{done.request!r} has counts below nothing"


def _threads(loaded: Loaded, attempt: Attempt) -> Iterator[str]:
    """An engine is made with the threads that were wished, or one, before a sweep sets them."""
    decode = attempt.settings.n_threads or 1
    right = {"n_threads": decode, "n_threads_batch": attempt.settings.n_threads_batch or decode}
    for field, value in right.items():
        if (said := getattr(loaded, field)) != value:
            yield f"`loaded` of attempt {attempt.number} has {field} {said}; its settings give {value}"
