"""The shutdown evidence in words."""

from __future__ import annotations

from weighbridge.domain.proof.events import Stopped


def shutdown_text(stopped: Stopped | None) -> str:
    """The shutdown evidence as one sentence; empty if no process was ever seen to stop."""
    if stopped is None:
        return ""
    if stopped.pid is None:
        return f"{stopped.how.replace('_', ' ')} in {stopped.seconds:.2f} s; {'; '.join(stopped.evidence)}"
    how = f"signal {stopped.signal}" if stopped.signal else f"exit status {stopped.exit_code}"
    gone = "is gone" if stopped.gone else "is STILL THERE"
    return f"{stopped.how} in {stopped.seconds:.2f} s ({how}); process {stopped.pid} {gone}"
