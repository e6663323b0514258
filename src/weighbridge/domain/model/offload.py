"""What the installed engine can do with a GPU."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from weighbridge.domain.base import Record
from weighbridge.domain.model.gpu_build import build_commands, refusal


class GpuDevice(Record):
    """One GPU as the engine sees it. Null: not told."""

    name: str = Field(description="as the engine's log calls it: CUDA0, Vulkan0, Metal")
    description: str = ""
    kind: Literal["GPU", "integrated GPU"] = "GPU"
    free_bytes: int | None = None
    total_bytes: int | None = None


class GpuBuild(Record):
    """`supported`: null where the engine could not be asked; `problem` says why."""

    supported: bool | None = None
    devices: tuple[GpuDevice, ...] = ()
    problem: str = ""
    system: str = ""
    processor: str = ""

    @property
    def usable(self) -> bool:
        """Whether a wish for layers can come true."""
        return bool(self.supported and self.devices)

    @property
    def free_bytes(self) -> int | None:
        """Free memory of all devices together; null where there is none, or one of them does not tell."""
        told = [device.free_bytes for device in self.devices]
        known = [free for free in told if free is not None]
        return sum(known) if known and len(known) == len(told) else None

    @property
    def says(self) -> str:
        """One sentence for a person: what there is, or how to come by it."""
        if self.supported is None:
            return f"Whether the engine can use a GPU is not known: {self.problem or 'it was not asked'}."
        if not self.supported:
            return refusal(self.system, self.processor)
        if not self.devices:
            return "The engine is built for a GPU, and finds none on this machine."
        return f"Layers can go to {', '.join(device.description or device.name for device in self.devices)}."

    @property
    def commands(self) -> tuple[tuple[str, str], ...]:
        """For whom, and the command that builds the engine for their GPU; none where this one can."""
        return () if self.supported else build_commands(self.system, self.processor)
