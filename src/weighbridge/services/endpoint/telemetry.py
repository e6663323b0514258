"""What watches a server while it works: its process where that is on this machine, else what it tells of itself."""

from __future__ import annotations

from typing import Protocol

from weighbridge.domain.proof.events import Sample, ServerSample


class Telemetry(Protocol):
    """Asked about once a second from the moment the server answers; each event goes into the stream of the job."""

    async def read(self) -> Sample | ServerSample | None:
        """One reading, or None where there is none this time. Never raises for anything that the server does."""
        ...
