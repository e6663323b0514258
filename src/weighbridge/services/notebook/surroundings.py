"""The facts of the runtime under a notebook, as its first cell wrote them, and the reset marker of this machine."""

from __future__ import annotations

import os
from pathlib import Path

from weighbridge.domain.problems import BadInput
from weighbridge.domain.serving.notebook import NotebookRuntime
from weighbridge.domain.text import clean_line

ENVIRONMENT = "WEIGHBRIDGE_NOTEBOOK"
"""Names the file of the facts: set by the notebook's cell that starts `weighbridge run`."""
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_TOLD = ("runtime_type", "accelerator", "boot_id", "started_at", "release", "python")


def read_facts() -> NotebookRuntime | None:
    """The facts of the notebook that this program was started by; None where it was started by none.

    BadInput where the file that the environment names does not hold them.
    """
    named = os.environ.get(ENVIRONMENT, "")
    if not named:
        return None
    try:
        facts = NotebookRuntime.model_validate_json(Path(named).read_bytes())
    except (OSError, ValueError):
        raise BadInput(
            f"{ENVIRONMENT} names {clean_line(named, 120)}, which does not hold the facts of a notebook's runtime.",
            "Run the notebook's first cell again, or unset the variable.",
        ) from None
    told = {name: clean_line(getattr(facts, name), 200) for name in _TOLD}
    return facts.model_copy(update={**told, "inside": True})


def boot_id() -> str:
    """The reset marker: differs after every start of the machine. Empty where the system tells none."""
    try:
        return clean_line(_BOOT_ID.read_text(encoding="ascii"), 80)
    except (OSError, ValueError):
        return ""
