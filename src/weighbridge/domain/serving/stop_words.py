"""What was seen at the end of a rental, in words: no more than was asked and answered."""

from __future__ import annotations

from weighbridge.domain.serving.rental import OVER, Rental, StopProof


def stage_words(stop: StopProof) -> str:
    """`is ERROR (Job timeout), ended at T1 by the provider's clock, seen at T2`, where the job is over, as far as that
    was told; else when it was last seen, and how."""
    if stop.stage in OVER:
        why = f" ({stop.said})" if stop.said else ""
        if stop.ended_at:
            return f"is {stop.stage}{why}, ended at {stop.ended_at} by the provider's clock, seen at {stop.at}"
        return f"is {stop.stage}{why} at {stop.at}"
    return f"was last seen {stop.stage} at {stop.at}" if stop.stage else "was in no stage that was told"


def endpoint_words(rental: Rental, stop: StopProof) -> str:
    """What the endpoint answered after the end; that it was not asked, or that there never was one."""
    said = f" ({stop.endpoint_said})" if stop.endpoint_said else ""
    match stop.endpoint_refuses:
        case True:
            return f"its endpoint refuses{said}"
        case False:
            return f"its endpoint STILL ANSWERS{said}"
    if stop.endpoint_said:
        return f"its endpoint does not tell whether a server is behind it{said}"
    if rental.exposed and stop.stage not in OVER:
        return "the endpoint was not asked"
    return "it never had an endpoint"
