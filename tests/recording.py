"""The recorded run that the screenshots show: a real one, with the facts of a plain laptop in place of the machine's.

`python tests/recording.py` makes it anew with the real engine and the bundled model.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from weighbridge.domain.intents import Confirm
from weighbridge.domain.machine import MachineFacts
from weighbridge.domain.proof.events import EVENT, Attempt, Event, Token
from weighbridge.domain.run import Run
from weighbridge.domain.steps import ORDER
from weighbridge.services import bundled
from weighbridge.services.machine import usable_threads
from weighbridge.services.runs.migrations import read_run
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Session, real_deps

FOLDER = Path(__file__).parent / "data" / "recorded"

LAPTOP = MachineFacts(
    cpu_model="x86-64 laptop CPU",
    physical_cores=4,
    logical_cores=8,
    usable_cores=8,
    memory_bytes=16 * 2**30,
    available_bytes=9 * 2**30,
    swap_bytes=0,
    disk_free_bytes=120 * 2**30,
    load1=0.6,
    operating_system="Linux",
    architecture="x86_64",
    python="3.11.7",
    versions={"llama-cpp-python": "0.3.36", "weighbridge": "0.1.0"},
)


def recorded_run() -> Run:
    """The run, with the bundled model at its place on this machine."""
    run = read_run((FOLDER / "run.json").read_bytes())
    assert run.model is not None
    model = run.model.model_copy(update={"path": str(bundled.find().path)})
    return run.model_copy(update={"model": model})


def recorded_events() -> list[Event]:
    lines = (FOLDER / "events.jsonl").read_text(encoding="utf-8").splitlines()
    return [EVENT.validate_json(line) for line in lines]


def token_time(events: Sequence[Event], number: int) -> float:
    """When the answer (not the warm-up) has so many tokens, on the clock of the job."""
    answer = [event.t for event in events if isinstance(event, Token) and event.request == "first-run"]
    return answer[number - 1]


async def _record(home: Path) -> None:
    # The threads are really measured, so the cores are those that are here.
    laptop = LAPTOP.model_copy(update={"usable_cores": usable_threads()})
    deps = replace(real_deps(home), machine=lambda _: laptop)
    session = Session.create(RunStore(home), deps)
    await session.choose_model("bundled")
    for step in ORDER[:-1]:
        if step == "proof":
            # Twice: where the engine has to find its safe mode first, the second one is recorded.
            for _ in range(2):
                events = [event async for event in session.prove()]
            (session.folder / "events.jsonl").write_bytes(
                b"".join(event.model_dump_json().encode() + b"\n" for event in events)
            )
        if step == "eval":
            async for _event in session.evaluate():
                pass
        session.apply(Confirm(step=step))
    run = session.run
    assert run.model is not None
    kept = {event.job_id for event in session.events() if isinstance(event, Attempt)}
    spent = {job: cost for job, cost in run.spent.items() if job in kept}
    run = run.model_copy(update={"model": run.model.model_copy(update={"path": ""}), "spent": spent})
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "run.json").write_text(run.model_dump_json(indent=1) + "\n", encoding="utf-8")
    shutil.copy(session.folder / "events.jsonl", FOLDER / "events.jsonl")
    await session.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_record(Path(folder)))
