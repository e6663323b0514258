"""The shutdown evidence in words."""

from __future__ import annotations

from weighbridge.domain.proof.events import Stopped


def shutdown_text(stopped: Stopped | None) -> str:
    """The shutdown evidence, the last sentence without its full stop; empty if no process was ever seen to stop."""
    if stopped is None:
        return ""
    shown = "".join(f". {one.rstrip('.')}" for one in stopped.evidence)
    if stopped.how == "left_running":
        return f"{'nothing was left running' if stopped.gone else 'left running'}{shown}"
    if stopped.pid is None:
        return f"{stopped.how} in {stopped.seconds:.2f} s{'' if stopped.gone else ', and is STILL THERE'}{shown}"
    how = f"signal {stopped.signal}" if stopped.signal else f"exit status {stopped.exit_code}"
    gone = "is gone" if stopped.gone else "is STILL THERE"
    ended = "" if stopped.how == "released" else f" ({how}); process {stopped.pid} {gone}"
    return f"{stopped.how} in {stopped.seconds:.2f} s{ended}{shown}"
