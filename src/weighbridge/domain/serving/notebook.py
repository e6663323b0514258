"""The runtime of a hosted notebook: what it was, that it was not reset, and that it was given back."""

from __future__ import annotations

from pydantic import Field

from weighbridge.domain.base import Record

AFTERWARDS = {
    "link": "the notebook's address",
    "executed_sha256": "the SHA-256 of the notebook as it ran",
    "boot_id_end": "the reset marker at the end",
    "ended_at": "when it ended",
    "stop": "how the runtime was given back",
}
"""What a packet alone does not tell: fields, and words for people."""


class NotebookRuntime(Record):
    """Facts of the machine under the notebook. Empty text and null mean not told.

    `boot_id` changes when a runtime is reset: where it differs at the end, what ran before belongs to another machine.
    """

    inside: bool = Field(default=False, description="whether weighbridge runs in it; false once its evidence came back")
    link: str = ""
    runtime_type: str = Field(default="", description="for example 'Colab, T4'")
    accelerator: str = Field(default="", description="as nvidia-smi names it, with memory and driver")
    boot_id: str = ""
    boot_id_end: str = ""
    started_at: str = ""
    ended_at: str = ""
    release: str = Field(default="", description="of the notebook service")
    python: str = ""
    ram_bytes: int | None = None
    disk_free_bytes: int | None = None
    executed_sha256: str = Field(default="", description="of the executed notebook")
    stop: str = Field(default="", description="how the runtime was given back, and what shows it")

    @property
    def was_reset(self) -> bool | None:
        """Whether the machine changed underway; null where one of the markers is not known."""
        return self.boot_id != self.boot_id_end if self.boot_id and self.boot_id_end else None

    def kept_by(self, newer: NotebookRuntime) -> dict[str, str]:
        """What stays of this where `newer` tells of the same execution: by field. The notebook as it ran tells more of
        the end than the packet, which was made before its last cell; so a packet alone replaces none of it."""
        if not self.boot_id or (self.boot_id, self.started_at) != (newer.boot_id, newer.started_at):
            return {}
        whole = bool(self.executed_sha256 and not newer.executed_sha256)
        mine = {name: getattr(self, name) for name in AFTERWARDS}
        return {
            name: text
            for name, text in mine.items()
            if text and (not getattr(newer, name) or (whole and name != "link"))
        }
