"""Plans, packets and notebooks as they ran, made without a kernel: a scripted engine stands for the real one."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from fakes import Script, quiet

from weighbridge.domain import intents as want
from weighbridge.plain.verbs.plan import Chain
from weighbridge.services.notebook.executed import END, PACKET
from weighbridge.services.notebook.surroundings import ENVIRONMENT, boot_id
from weighbridge.services.plans import load_plan, model_of, pack_of
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Deps, Session, real_deps
from weighbridge.session.notebook.writing import note_end, notebook_of, take_surroundings

PLAN = """
[constraints]
available_route = "free_colab"
[runtime]
n_ctx = 512
n_threads = 1
max_tokens = 8
prompt = "Say hello."
[eval]
cases = "short.toml"
"""
CASES = 'id = "short"\n' + "".join(
    f'[[case]]\nid = "c{n}"\nprompt = "Say {n}."\nmax_tokens = 3\n[case.grader]\nkind = "includes"\ntarget = "answer"\n'
    for n in range(5)
)


@dataclass(frozen=True)
class Ran:
    """`text`: the notebook as it was written. `packet`: the folder that it left. `packed`: its archive."""

    text: str
    packet: Path
    packed: bytes


def scripted(home: Path, script: Script | None = None) -> Deps:
    return replace(real_deps(home), runtime=(script or Script()).factory, conditions=quiet, dry_load=None)


def write_plan(folder: Path, plan: str = PLAN, cases: str = CASES) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "short.toml").write_text(cases, encoding="utf-8")
    (folder / "plan.toml").write_text(plan, encoding="utf-8")
    return folder / "plan.toml"


async def planned(home: Path, plan: Path) -> Session:
    """A session with the answers of a plan."""
    session = Session.create(RunStore(home), scripted(home))
    read = load_plan(plan)
    chain = Chain(read, pack_of(read, plan), model_of(read, plan))
    chain.policy(session)
    await chain.answer(session)
    return session


async def measured(folder: Path, plan: Path, environment: pytest.MonkeyPatch, script: Script | None = None) -> Path:
    """The packet that `weighbridge run` leaves inside a notebook."""
    facts = folder / "facts.json"
    told = {"runtime_type": "Google Colab, T4", "accelerator": "Tesla T4, 15360 MiB, 550.54", "boot_id": boot_id()}
    facts.write_text(json.dumps({**told, "started_at": "2026-05-04T03:02:01Z", "python": "3.12.1"}))
    environment.setenv(ENVIRONMENT, str(facts))
    session = Session.create(RunStore(folder / "home"), scripted(folder / "home", script))
    take_surroundings(session)
    read = load_plan(plan)
    chain = Chain(read, pack_of(read, plan), model_of(read, plan))
    chain.policy(session)
    await chain.answer(session)
    _ = [event async for event in session.prove()]
    session.apply(want.Confirm(step="proof"))
    _ = [event async for event in session.evaluate()]
    session.apply(want.Confirm(step="eval"))
    chain.decide(session)
    note_end(session)
    await session.write_packet(folder / "packet")
    await session.close()
    environment.delenv(ENVIRONMENT)
    return folder / "packet"


def packed(packet: Path, more: Mapping[str, bytes] | None = None) -> bytes:
    """A packet as the archive that the notebook makes of it, with other files beside."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(packet.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(packet).as_posix())
        for name, data in (more or {}).items():
            archive.writestr(name, data)
    return buffer.getvalue()


def output(mime: str, value: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "data": {mime: value, "text/plain": "shown"}, "metadata": {}}


def executed(ran: Ran, change: Callable[[dict[str, Any]], None] = lambda notebook: None) -> bytes:
    """The notebook as it ran through, with a last change to it."""
    notebook: dict[str, Any] = json.loads(ran.text)
    cells = {cell["id"]: cell for cell in notebook["cells"]}
    cells["packet"]["outputs"] = [output(PACKET, base64.b64encode(ran.packed).decode())]
    end = {"boot_id_end": boot_id(), "ended_at": "2026-05-04T03:42:01Z", "stop": "the last cell gave it back"}
    cells["end"]["outputs"] = [output(END, end)]
    change(notebook)
    return json.dumps(notebook).encode()


async def make_ran(folder: Path, environment: pytest.MonkeyPatch) -> Ran:
    plan = write_plan(folder / "plan")
    session = await planned(folder / "planner", plan)
    text = notebook_of(session.run)
    await session.close()
    packet = await measured(folder, plan, environment)
    return Ran(text, packet, packed(packet))


def cell_of(notebook: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(cell for cell in notebook["cells"] if cell["id"] == name)
    return found
