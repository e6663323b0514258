"""A packet read by a process of its own while another one is read here: two large ones take little longer than one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from pydantic import ValidationError

from weighbridge.domain.base import Record
from weighbridge.domain.compare.side import Side
from weighbridge.services.packet_io.report import Report
from weighbridge.services.packet_sides import read_side

LARGE_BYTES = 4 * 2**20
"""Events of a packet from which on it takes clearly longer to be checked than a process takes to start."""
Read = tuple[Side | None, Report]


class _Sent(Record):
    """What the other process says."""

    side: Side | None
    report: Report


@contextmanager
def reading(path: Path, beside: Path) -> Iterator[Callable[[], Read]]:
    """The call gives what `read_side` gives for `path`, and raises what it raises.

    In a process of its own, which begins at once, where this packet and the one `beside` it are large. What that
    process cannot do is done here. It is ended with the block.
    """
    child = _start(path) if _large(path) and _large(beside) else None
    if child is None:
        yield partial(read_side, path)
        return
    with child:
        try:
            yield lambda: _said(child) or read_side(path)
        finally:
            child.kill()


def _large(packet: Path) -> bool:
    try:
        return (packet / "data/events.jsonl").lstat().st_size >= LARGE_BYTES
    except (OSError, ValueError):
        return False


def _start(path: Path) -> subprocess.Popen[bytes] | None:
    command = [sys.executable, "-P", "-m", "weighbridge.services.side_apart", str(path)]
    quiet = subprocess.DEVNULL
    try:
        return subprocess.Popen(command, stdin=quiet, stdout=subprocess.PIPE, stderr=quiet)
    except OSError:
        return None


def _said(child: subprocess.Popen[bytes]) -> Read | None:
    """None where the process has not ended well."""
    text, _ = child.communicate()
    try:
        sent = _Sent.model_validate_json(text)
    except ValidationError:
        return None
    return None if child.returncode else (sent.side, sent.report)


def main() -> None:
    """Argument: a packet; stdout: what was read of it, as JSON."""
    side, report = read_side(Path(sys.argv[1]))
    sys.stdout.buffer.write(_Sent(side=side, report=report).model_dump_json().encode())


if __name__ == "__main__":
    main()
