"""From the requests of one concurrency to its figures.

    seconds             = end of the last answer - start of the first request
    requests_per_s      = answers that came whole / seconds
    output_tokens_per_s = their tokens, as the server counted them / seconds
    in_flight           = sum of the times of all requests, as far as they are within `seconds` / seconds
                           (Little 1961, Operations Research 9:383)
    ttft_s              = first piece of text - start of its request
    itl_s               = each piece - the one before it, within one answer
    total_s             = end of an answer - start of its request

Start and tail of a step are in it: `in_flight` says how much of the concurrency was really there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from weighbridge.domain.load.records import LoadRequest, LoadStep
from weighbridge.domain.verdict.stats import spread

MOST_SENTENCES = 10
_DIGITS = 6
"""Of a second: the clock's own."""


def step_of(concurrency: int, planned: int, requests: Sequence[LoadRequest]) -> LoadStep:
    """The figures of a step. Requests that were given up are in `in_flight` alone. Without an answer, the last failure
    ends it."""
    kept = [one for one in requests if not one.given_up]
    answers = [one for one in kept if one.answered]
    errors = [one.error for one in kept if one.error]
    tokens = _tokens(answers)
    first = min((one.t_start for one in kept), default=0.0)
    last = max((one.t_end for one in answers or kept), default=0.0)
    seconds = last - first
    busy = sum(max(0.0, min(one.t_end, last) - one.t_start) for one in requests)
    return LoadStep(
        concurrency=concurrency,
        requests=len(answers),
        planned=planned,
        errors=len(errors),
        error_sentences=tuple(dict.fromkeys(errors))[:MOST_SENTENCES],
        empty=sum(not one.t_pieces for one in answers),
        reused=sum(one.reused_tokens > 0 for one in answers),
        seconds=round(seconds, _DIGITS),
        in_flight=_rate(busy, seconds),
        requests_per_s=_rate(len(answers), seconds) if answers else None,
        output_tokens=tokens,
        output_tokens_per_s=None if tokens is None else _rate(tokens, seconds),
        ttft_s=spread([round(one.t_pieces[0] - one.t_start, _DIGITS) for one in answers if one.t_pieces]),
        itl_s=spread([gap for one in answers for gap in _gaps(one)]),
        total_s=spread([round(one.t_end - one.t_start, _DIGITS) for one in answers]),
    )


def _tokens(answers: Sequence[LoadRequest]) -> int | None:
    """None where the server leaves the count out of a single answer: a part of a sum is no sum."""
    counts = [one.output_tokens for one in answers if one.output_tokens is not None]
    return sum(counts) if answers and len(counts) == len(answers) else None


def _gaps(one: LoadRequest) -> Iterator[float]:
    return (round(later - earlier, _DIGITS) for earlier, later in pairwise(one.t_pieces))


def _rate(count: float, seconds: float) -> float | None:
    return round(count / seconds, 4) if seconds > 0 else None
