"""Which files of a repository are models: shards grouped, companions kept out, one recommended."""

from __future__ import annotations

from weighbridge.domain.base import Record
from weighbridge.domain.model.hub import HubFile


class WeightsFile(Record):
    """One model of a repository: a file, or the shards of one, in order.

    `label`: quantization as the file name has it, a hint only; the header decides.
    """

    parts: tuple[HubFile, ...]
    label: str = ""
    expected_parts: int = 1

    @property
    def name(self) -> str:
        """Path of the first part inside the repository."""
        return self.parts[0].path

    @property
    def size_bytes(self) -> int | None:
        """All parts together; None where one size is not known."""
        sizes = [part.size_bytes for part in self.parts if part.size_bytes is not None]
        return sum(sizes) if len(sizes) == len(self.parts) else None

    @property
    def complete(self) -> bool:
        return len(self.parts) == self.expected_parts


class FileRow(Record):
    """One model file as a person chooses it. `need_bytes`: memory for a run at the present settings.

    The need is the file's weights plus KV cache and buffers of the one header that was read; None where unknown.
    `verdict` is that of the forecast (fits, tight, does_not_fit, unknown).
    """

    file: WeightsFile
    need_bytes: int | None = None
    verdict: str = "unknown"


class HubView(Record):
    """A repository opened for choosing: its rows, and the recommended one with the reason."""

    repo: str
    revision: str
    fetched_at: str
    from_cache: bool = False
    gate: str = ""
    rows: tuple[FileRow, ...]
    recommended: str = ""
    """`WeightsFile.name` of the recommended row; empty where none can be recommended."""
    reason: str = ""
