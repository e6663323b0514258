"""Which thread counts a sweep found: asked before a start, written after a sweep, so that it is not made every time.

A sweep holds for the same machine and build (as in mode_memory), model, mode and the settings that change the
arithmetic; for `AGE_S` seconds; and as long as others keep as many cores busy as they did when it was made. A damaged
file means that nothing is remembered.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from weighbridge.domain.base import digest
from weighbridge.domain.problems import OutsideFailed
from weighbridge.domain.proof.runtime import Launch
from weighbridge.domain.proof.thread_rule import busy_cores
from weighbridge.domain.proof.threads import Swept
from weighbridge.services.atomic import disk_problem, write_atomic
from weighbridge.services.engine.mode_memory import machine_and_build

FILE = "thread-sweeps.json"
AGE_S = 24 * 3600.0
"""A machine changes within days: power plan, other programs, temperature of the room."""
MOST = 50
"""Sweeps that are kept, the newest ones."""


def known_threads(folder: Path, launch: Launch, now: str) -> Swept | None:
    """The sweep that still holds for this launch, `now` (ISO 8601 UTC); None where one is to be made."""
    entry: Any = _read(folder).get(_key(launch))
    try:
        swept = Swept.model_validate(entry["swept"])
        age_s = (datetime.fromisoformat(now) - datetime.fromisoformat(swept.at)).total_seconds()
        alike = entry["busy_cores"] == _busy(launch)
    except (TypeError, KeyError, ValueError, ValidationError):
        return None
    if not alike or not 0 <= age_s <= AGE_S or max(swept.n_threads, swept.n_threads_batch) > launch.usable_cores:
        return None
    return swept.model_copy(update={"how": "remembered", "age_s": age_s, "seconds": 0.0})


def remember_threads(folder: Path, launch: Launch, swept: Swept) -> None:
    """Keeps what a sweep of this launch found. A disk that refuses costs only the memory, never the proof."""
    entry = {"busy_cores": _busy(launch), "swept": swept.model_dump(mode="json")}
    known = {**_read(folder), _key(launch): entry}
    newest = sorted(known, key=lambda key: _at(known[key]), reverse=True)[:MOST]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomic(folder / FILE, json.dumps({key: known[key] for key in newest}).encode() + b"\n")
    except (OutsideFailed, OSError):
        return


def forget_threads(folder: Path) -> None:
    """Starts afresh: the next proof makes a sweep. OutsideFailed where the disk refuses."""
    try:
        (folder / FILE).unlink(missing_ok=True)
    except OSError as error:
        raise disk_problem(folder / FILE, error) from error


def _read(folder: Path) -> dict[str, Any]:
    try:
        known = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _at(entry: Any) -> str:
    """When an entry was made; the empty text for what is none, so that it goes first."""
    try:
        return str(entry["swept"]["at"])
    except (TypeError, KeyError):
        return ""


def _busy(launch: Launch) -> int | None:
    """Cores that others keep busy. One is left to the engine in any case, so that more makes no difference."""
    busy = busy_cores(launch.others_percent)
    return None if busy is None else min(busy, launch.usable_cores - 1)


def _key(launch: Launch) -> str:
    settings = launch.settings
    arithmetic = [settings.kv_type, settings.flash_attn, settings.n_batch, settings.n_ubatch, settings.n_threads_batch]
    where = [settings.n_gpu_layers] if settings.n_gpu_layers else []
    return digest([machine_and_build(), launch.model_sha256, launch.mode, launch.usable_cores, *arithmetic, *where])
