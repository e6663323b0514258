"""A run goes to another machine, or comes from one: what of it belongs to a machine is left behind."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any, NamedTuple

from weighbridge.domain.model.choice import ModelChoice
from weighbridge.domain.problems import BadInput, OutsideFailed, Problem
from weighbridge.domain.proof.events import EVENT
from weighbridge.domain.run import Run
from weighbridge.domain.standing import restored, standing
from weighbridge.domain.text import clean, clean_line
from weighbridge.services import bundled
from weighbridge.services.atomic import disk_problem, write_atomic
from weighbridge.services.hub.files.places import models, place
from weighbridge.services.packet_io.model_card import RUN_FILE, read_card
from weighbridge.services.packet_io.redact import this_machine
from weighbridge.services.runs import run_archive
from weighbridge.services.runs.load_lines import NAME as LOAD_LINES
from weighbridge.services.runs.load_lines import read_load
from weighbridge.services.runs.migrations import Newer, read_run
from weighbridge.services.runs.run_folder import read_events
from weighbridge.services.runs.store import RUN_ID, RunStore
from weighbridge.session.runs.import_check import graded_again

MOST_TEXT = 2_000_000
STALE_S = 3_600.0


class Imported(NamedTuple):
    """`doubt`: why its eval was left out; empty where its marks and gate were found to agree, or it has none."""

    run: Run
    doubt: str


def export_run(store: RunStore, run_id: str, where: Path) -> Path:
    """Writes a run to a file that ends in .zip, or to `weighbridge-run-ID.zip` in a folder, and returns the file.

    BadInput where the file exists; OutsideFailed where the run cannot be read or the disk is full.
    """
    target = run_archive.target(where, run_id)
    run = store.load(run_id)
    folder = store.runs / run_id
    own = [(str(folder), "[run folder]"), (str(store.home), "[data folder]")]
    if run.model and run.model.path:
        own.append((str(Path(run.model.path).parent), "[model folder]"))
    redactor = this_machine(own)
    data = redactor.value(_without_machine(run).model_dump(mode="json"))
    reworded = restored(Run.model_validate_json(json.dumps(data)), standing(run))
    files = {"run.json": reworded.model_dump_json(indent=1).encode() + b"\n"}
    lines = [event.model_dump_json().encode() + b"\n" for event in redactor.events(read_events(folder))]
    if lines:
        files["events.jsonl"] = redactor.text(b"".join(lines).decode()).encode()
    if run.load is not None:
        asked = [redactor.value(one.model_dump(mode="json")) for one in read_load(folder, run.load.id)]
        files[LOAD_LINES] = b"".join(json.dumps(one).encode() + b"\n" for one in asked)
    for log in sorted(folder.glob("logs/*.log")):
        files[f"logs/{log.name}"] = redactor.log(log.read_text(encoding="utf-8", errors="replace")).encode()
    card = read_card(folder)
    if card is not None and not redactor.telling(card.text):
        files[RUN_FILE] = card.model_dump_json().encode()
    run_archive.write_archive(target, files)
    return target


def _without_machine(run: Run) -> Run:
    """Without the model's path and the packet's: neither is there on another machine."""
    model = run.model and run.model.model_copy(update={"path": ""})
    return run.model_copy(update={"model": model, "packet": None})


def import_run(store: RunStore, source: Path) -> Imported:
    """Takes in an archive: the run stands among the others in one step. Blocks while its answers are graded again.

    BadInput for what is no archive of a run, and where a run of this id is here already.
    """
    run_archive.sweep(store.runs, time.time() - STALE_S)
    folder = run_archive.unpack(source, store.runs)
    try:
        run = _read(folder, clean_line(str(source), 120))
        if (store.runs / run.id).exists():
            raise BadInput(
                f"The run {run.id} is here already.", f"`weighbridge runs delete {run.id}` makes room for it."
            )
        run, doubt = graded_again(run)
        model = run.model and run.model.model_copy(update={"path": _path_here(run.model, store.home)})
        run = run.model_copy(update={"model": model, "packet": None})
        write_atomic(folder / "run.json", run.model_dump_json(indent=1).encode() + b"\n")
        os.rename(folder, store.runs / run.id)
    except OSError as error:
        raise disk_problem(store.runs, error) from error
    finally:
        run_archive.discard(folder)
    return Imported(run, doubt)


def _read(folder: Path, name: str) -> Run:
    """The run of an unpacked archive, its texts made safe. BadInput where it, or an event of it, is none."""
    try:
        run = read_run(json.dumps(cleaned(json.loads((folder / "run.json").read_bytes()))).encode())
    except Newer as newer:
        raise BadInput(f"{name} cannot be taken in. {newer}", newer.hint) from None
    except (ValueError, RecursionError):
        raise BadInput(f"{name} is refused: its run.json is not a run of weighbridge.") from None
    if not RUN_ID.match(run.id):
        raise BadInput(f"{name} is refused: {clean_line(run.id, 40)!r} is not the id of a run.")
    events = folder / "events.jsonl"
    if events.exists():
        fresh = folder / "events.clean"
        try:
            with fresh.open("wb") as lines:
                for event in read_events(folder):
                    safe = EVENT.validate_python(cleaned(event.model_dump(mode="json")))
                    lines.write(safe.model_dump_json().encode() + b"\n")
        except (OutsideFailed, ValueError):
            raise BadInput(f"{name} is refused: its events.jsonl holds a line that is not an event.") from None
        os.replace(fresh, events)
    _clean_load(folder, run, name)
    for log in folder.glob("logs/*.log"):
        log.write_text(clean(log.read_text(encoding="utf-8", errors="replace"), MOST_TEXT), encoding="utf-8")
    if (folder / RUN_FILE).exists() and read_card(folder) is None:
        (folder / RUN_FILE).unlink()
    return run


def _clean_load(folder: Path, run: Run, name: str) -> None:
    """The requests of the load test, their texts made safe; those of any other are left out."""
    path = folder / LOAD_LINES
    if not path.exists():
        return
    try:
        kept = [cleaned(one.model_dump(mode="json")) for one in read_load(folder, run.load.id if run.load else "")]
    except OutsideFailed:
        raise BadInput(f"{name} is refused: its {LOAD_LINES} holds a line that is no request.") from None
    path.write_bytes(b"".join(json.dumps(one).encode() + b"\n" for one in kept))


def cleaned(value: Any) -> Any:
    """Plain data with every text in it made safe for a terminal."""
    if isinstance(value, str):
        return clean(value, MOST_TEXT)
    if isinstance(value, list):
        return [cleaned(one) for one in value]
    if isinstance(value, dict):
        return {clean(key, 1_000): cleaned(one) for key, one in value.items()}
    return value


def _path_here(model: ModelChoice, home: Path) -> str:
    """Where the model's file lies on this machine; empty where it has to be downloaded or chosen anew.

    A bundled package that is not installed, or a name that makes no path, means that it is not here: the step Model
    says so. Whether it is the very file is found by its digest, before anything runs.
    """
    try:
        if model.kind == "bundled":
            return str(bundled.find().path)
        if model.kind == "hub" and model.file_name:
            own = place(models(home), model.repo, model.revision, model.file_name)
            return str(own) if own.is_file() else ""
    except Problem:
        return ""
    return ""
