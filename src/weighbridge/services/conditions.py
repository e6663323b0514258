"""The machine just before the engine is started, and just after it is gone."""

from __future__ import annotations

import asyncio
import time
from typing import Literal

from weighbridge.domain.proof.runtime import Clock
from weighbridge.domain.proof.samples import Conditions
from weighbridge.services.sampling.processors import load1, processor_time, shares
from weighbridge.services.sampling.surroundings import look_around


async def read_conditions(when: Literal["before", "after"], clock: Clock, window_s: float = 0.3) -> Conditions:
    """Waits `window_s` seconds, over which processor time is measured. Never raises for what a system does not tell.

    Safe to cancel. Sensors are asked in a thread meanwhile, because some take their time.
    """
    start, own, processors = time.monotonic(), time.process_time(), processor_time()
    looking = asyncio.create_task(asyncio.to_thread(look_around))
    try:
        await asyncio.sleep(window_s)
        around = await looking
    finally:
        looking.cancel()
    seconds, own = time.monotonic() - start, time.process_time() - own
    did = shares(processors, processor_time())
    load = load1()
    missing = dict(around.missing)
    if did is None:
        missing["others_percent"] = missing["steal_percent"] = "the counters of processor time cannot be read"
    elif did.steal_percent is None:
        missing["steal_percent"] = "this system does not count it"
    if load is None:
        missing["load1"] = "this system keeps no load average"
    return Conditions(
        t=clock(),
        when=when,
        window_s=round(seconds, 3),
        load1=load,
        others_percent=None if did is None else round(max(0.0, 100 * (did.busy_s - own) / seconds), 1),
        steal_percent=did and did.steal_percent,
        **{name: value for name, value in around._asdict().items() if name != "missing"},
        missing=missing,
    )
