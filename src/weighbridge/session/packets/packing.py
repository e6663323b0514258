"""Collects what a packet is made of from an open run, and has it written."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path

from weighbridge.domain.proof.events import Attempt, Event
from weighbridge.domain.proof.summary import jobs
from weighbridge.domain.run import Run
from weighbridge.services.packet_io.evidence import PacketSource
from weighbridge.services.packet_io.model_card import read_card
from weighbridge.services.packet_io.write import write_packet
from weighbridge.services.runs.load_lines import read_load
from weighbridge.services.runs.store import RunFolder
from weighbridge.session.jobs.job import log_name, logs_of
from weighbridge.session.packets.command import prove_command

MAX_EVENTS = 200_000
"""Events of jobs that no record names are left out, the oldest first, while a packet would hold more."""


def write(run: Run, folder: RunFolder, target: Path, now: str) -> str:
    """Writes the packet of a run to `target` and returns its seal. Raises what `write_packet` raises."""
    all_jobs = jobs(list(folder.events()))
    kept = _bounded(run, all_jobs)
    wanted = {log_name(e.job_id, e.number) for job in kept for e in job if isinstance(e, Attempt)}
    source = PacketSource(
        run=run,
        events=[event for job in kept for event in job],
        logs={name: text for name, text in logs_of(folder.folder).items() if name in wanted},
        at=now,
        packet_id=str(uuid.uuid4()),
        folders=_folders(run, folder),
        left_out=len(all_jobs) - len(kept),
        card=read_card(folder.folder),
        load=tuple(read_load(folder.folder, run.load.id)) if run.load else (),
    )
    return write_packet(target, source, prove_command(run) if run.model and not run.planned else ())


def _named(run: Run) -> set[str]:
    """The jobs that the run's records rest on."""
    own = {run.proof.job_id} if run.proof else set()
    return own | set(run.evaluation.job_ids if run.evaluation else ())


def _bounded(run: Run, parts: Sequence[tuple[Event, ...]]) -> list[tuple[Event, ...]]:
    """Whole jobs in order: those that the records name, and the newest others as far as they fit."""
    named = _named(run)
    room = MAX_EVENTS - sum(len(job) for job in parts if _id(job) in named)
    kept: list[tuple[Event, ...]] = []
    for job in reversed(parts):
        if _id(job) not in named:
            room -= len(job)
            if room < 0:
                continue
        kept.append(job)
    return kept[::-1]


def _id(job: Sequence[Event]) -> str:
    first = job[0]
    return first.job_id if isinstance(first, Attempt) else ""


def _folders(run: Run, folder: RunFolder) -> list[tuple[str, str]]:
    """Folders of this machine that the run knows, with what a packet says instead."""
    own = [(str(folder.folder), "[run folder]"), (str(folder.folder.parent.parent), "[data folder]")]
    if run.model and run.model.path:
        own.append((str(Path(run.model.path).parent), "[model folder]"))
    return own
