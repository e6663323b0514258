"""What a cap in dollars comes to: a price an hour, and the minutes until everything is taken down."""

from __future__ import annotations

import math

from weighbridge.domain.base import Record
from weighbridge.domain.problems import BadInput, Refused
from weighbridge.domain.serving.deployment import Deployment
from weighbridge.domain.serving.sizing import Sizing

LEAST_HOURLY_USD = 0.1
"""Under so little a GPU an hour a cap is warned about. An allowance: no price is shipped."""


class Limits(Record):
    """`hourly_usd`: most that one machine may cost, so that cap = price * machines * hours is never passed."""

    cap_usd: float
    hours: float
    hourly_usd: float
    minutes: int
    gpus: int = 1

    @property
    def warning(self) -> str:
        """Said where the cap is so low that nothing may be found; else empty."""
        if self.hourly_usd >= LEAST_HOURLY_USD * self.gpus:
            return ""
        return (
            f"WARNING: {self.cap_usd:g} US dollars over {self.hours:g} h leave {self.hourly_usd:.2f} an hour for a "
            f"machine of {self.gpus} GPU(s): at that nothing may be found to rent. Raise cap_usd, or lower hours."
        )

    @property
    def said(self) -> str:
        return (
            f"Cap: {self.cap_usd:g} US dollars = at most {self.hourly_usd:.2f} an hour for each machine, for "
            f"{self.hours:g} h. Set-up time, disks and traffic are billed besides."
        )


def limits_of(planned: Deployment) -> tuple[Limits, Sizing]:
    """The limits and the size of a task that costs money. Refused without a cap."""
    serve, size = planned.serve, planned.size
    if serve.cap_usd is None:
        raise Refused(
            "No cap is set: a task that rents machines has to know when to stop spending.",
            "Put cap_usd = 5 (say) below [serve], and hours = 2 if one is too short.",
            in_steps="Type a cap in step 5, and hours (f2) if one is too short.",
        )
    assert size is not None
    hourly = math.floor(100 * serve.cap_usd / (serve.hours * size.fewest.nodes)) / 100
    if hourly <= 0:
        raise BadInput(
            f"A cap of {serve.cap_usd:g} US dollars for {serve.hours:g} h leaves less than a cent an hour.",
            "Raise cap_usd below [serve], or lower hours.",
            in_steps="Raise the cap in step 5, or lower its hours (f2).",
        )
    minutes = math.floor(serve.hours * 60)
    return Limits(
        cap_usd=serve.cap_usd, hours=serve.hours, hourly_usd=hourly, minutes=minutes, gpus=size.fewest.count
    ), size
