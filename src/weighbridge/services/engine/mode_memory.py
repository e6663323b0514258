"""Which engine mode works on this machine with this build: asked before a start, written after a success.

The key is the CPU (model and instruction flags), the library's version and the size and time of its shared
libraries: another CPU or another build starts afresh. A damaged file means that nothing is remembered.
"""

from __future__ import annotations

import json
import platform
from importlib import metadata
from pathlib import Path

from weighbridge.domain.base import digest
from weighbridge.domain.problems import OutsideFailed
from weighbridge.domain.proof.events import Mode
from weighbridge.services.atomic import disk_problem, write_atomic

FILE = "engine-modes.json"


def known_mode(folder: Path) -> Mode | None:
    """The mode that worked last, or None where nothing is known of this machine and build."""
    mode = _read(folder).get(machine_and_build())
    return mode if mode in ("default", "safe") else None


def remember(folder: Path, mode: Mode) -> None:
    """Keeps the mode that worked. A disk that refuses costs only the memory, never the proof."""
    known = _read(folder)
    if known.get(machine_and_build()) == mode:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomic(folder / FILE, json.dumps({**known, machine_and_build(): mode}, indent=1).encode() + b"\n")
    except (OutsideFailed, OSError):
        return


def forget(folder: Path) -> None:
    """Starts afresh: the next proof tries the default mode first. OutsideFailed where the disk refuses."""
    try:
        (folder / FILE).unlink(missing_ok=True)
    except OSError as error:
        raise disk_problem(folder / FILE, error) from error


def _read(folder: Path) -> dict[str, Mode]:
    try:
        known = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def machine_and_build() -> str:
    """A digest that another CPU or another build of the library changes."""
    return digest([_cpu(), *_build()])


def _cpu() -> list[str]:
    """The first processor's model and flags, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return [platform.processor(), platform.machine()]
    wanted = ("model name", "flags", "Features", "CPU part")
    first = {name: line for name in wanted for line in reversed(lines) if line.startswith(name)}
    return sorted(first.values())


def _build() -> list[str]:
    """Version of the library, and size and time of its shared libraries; it is not imported for this."""
    try:
        package = metadata.distribution("llama-cpp-python")
    except metadata.PackageNotFoundError:
        return ["not installed"]
    marks = [package.version]
    for entry in package.files or ():
        if entry.suffix in (".so", ".dylib", ".dll"):
            path = Path(str(package.locate_file(entry)))
            if path.exists():
                marks.append(f"{entry.name} {path.stat().st_size} {path.stat().st_mtime_ns}")
    return sorted(marks)
