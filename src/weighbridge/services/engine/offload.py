"""Whether the installed engine can put layers on a GPU, and on which: asked once in a child process of its own."""

from __future__ import annotations

import asyncio
import os
import platform

from pydantic import ValidationError

from weighbridge.domain.model.offload import GpuBuild
from weighbridge.domain.problems import OutsideFailed
from weighbridge.services.engine.ending import kill
from weighbridge.services.engine.spawn import spawn

CHILD = "weighbridge.services.engine.child_offload"
TIME_LIMIT_S = 20.0
"""Starting a GPU's driver for the first time takes a while."""


async def gpu_build(time_limit_s: float = TIME_LIMIT_S, child: str = CHILD) -> GpuBuild:
    """What the build can do, as it says itself; with the reason where it could not be asked. Never raises for that."""
    here = {"system": platform.system(), "processor": platform.machine()}
    try:
        process = await spawn(os.devnull, child)
    except OutsideFailed as problem:
        return GpuBuild(problem=str(problem), **here)
    try:
        async with asyncio.timeout(time_limit_s):
            said, _ = await process.communicate()
        return GpuBuild.model_validate_json(said).model_copy(update=here)
    except TimeoutError:
        return GpuBuild(problem=f"the engine did not answer within {time_limit_s:g} s", **here)
    except ValidationError:
        return GpuBuild(problem="the engine's process ended without an answer", **here)
    finally:
        kill(process)
        await process.wait()
