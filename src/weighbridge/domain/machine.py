"""What the machine offers, without its name or its user's."""

from __future__ import annotations

from pydantic import Field

from weighbridge.domain.base import Record


class MachineFacts(Record):
    """Facts of one moment. None: this system does not tell. Sizes in bytes."""

    cpu_model: str | None
    physical_cores: int | None
    logical_cores: int | None
    usable_cores: int = Field(ge=1, description="cores this process may use: affinity and container quota counted in")
    memory_bytes: int | None
    available_bytes: int | None = Field(description="memory that can be had now; a container's limit counted in")
    swap_bytes: int | None
    disk_free_bytes: int | None
    load1: float | None = Field(description="load average over one minute")
    operating_system: str
    architecture: str
    python: str
    versions: dict[str, str] = Field(description="installed packages that the figures depend on")

    @property
    def engine(self) -> str:
        """Library and version of the engine, as installed."""
        version = self.versions.get("llama-cpp-python")
        return f"llama-cpp-python {version}" if version else "llama-cpp-python, not installed"
