"""The notebook of a run: written, run by hand in a few steps, and what it tells of the machine that it runs on."""

from __future__ import annotations

from pathlib import Path

from weighbridge.domain.problems import BadInput, Problem
from weighbridge.domain.run import Run
from weighbridge.domain.text import clean_line
from weighbridge.services.atomic import write_atomic
from weighbridge.services.notebook.build import GPUS, notebook_json
from weighbridge.services.notebook.plan_file import cases_toml, plan_toml, require_free_runtime
from weighbridge.services.notebook.surroundings import boot_id, read_facts
from weighbridge.services.runs.store import RunStore
from weighbridge.session.session import Session

COLAB = "https://colab.research.google.com/#create=true"
SUFFIX = ".ipynb"


def notebook_of(run: Run, gpu: str = "", give_back: bool = True, package: str | None = None) -> str:
    """JSON text of the notebook: the same bytes for the same plan.

    `gpu`: accelerator that Colab opens it with, one of `GPUS`; empty: none. `give_back` false: whoever drives it stops
    the runtime. `package`: what pip installs there; None: the wheel of this program, in the notebook; empty: nothing.
    BadInput where the plan is of another route or its model cannot be fetched elsewhere; Refused where the inputs may
    not leave the person's own machines.
    """
    require_free_runtime(run)
    return notebook_json(run, known_gpu(gpu), give_back, package)


def known_gpu(name: str) -> str:
    """The accelerator by its own spelling. BadInput for any other: the service would take its dearest one instead."""
    found = next((gpu for gpu in GPUS if gpu.lower() == name.lower()), "")
    if name and not found:
        raise BadInput(
            f"{clean_line(name, 40)!r} is no accelerator that Colab knows by name.", f"Take one of {', '.join(GPUS)}."
        )
    return found


def write_notebook(session: Session, path: Path, gpu: str = "", package: str | None = None) -> None:
    """Writes the notebook of the session's run, whole or not at all, over a file that is there: whoever calls asks.

    BadInput, Refused or OutsideFailed.
    """
    _require_name(path)
    write_atomic(path.absolute(), notebook_of(session.run, gpu, package=package).encode())


def require_new(path: Path) -> None:
    """BadInput for a name that is none of a notebook, and for a file that is there: it may be one that ran."""
    _require_name(path)
    if path.exists():
        shown = clean_line(str(path), 120)
        raise BadInput(f"{shown} exists already, and is not overwritten.", "Name another file, or delete it.")


def _require_name(path: Path) -> None:
    if path.suffix != SUFFIX or path.is_dir():
        raise BadInput(f"{clean_line(str(path), 120)} is no name of a notebook.", f"Let it end in {SUFFIX}.")


def waiting_run(store: RunStore, run: Run) -> str:
    """The id of the newest other run that planned the very same notebook and has no evidence yet; empty: none."""
    for entry in store.list():
        other = entry.run
        if other is None or other.id == run.id or not other.planned or other.proof or other.spent or other.packet:
            continue
        if other.constraints.available_route == "free_colab" and _same_plan(other, run):
            return other.id
    return ""


def _same_plan(other: Run, run: Run) -> bool:
    if other.pack is None or other.policy is None or other.model is None or run.model is None:
        return False
    try:
        same = (plan_toml(other), cases_toml(other)) == (plan_toml(run), cases_toml(run))
    except Problem:
        return False
    return same and other.model.sha256 == run.model.sha256


def steps(name: str, run_id: str) -> tuple[str, ...]:
    """What a person does with the notebook where no `colab` command is at hand, one line a step. `name`: its file."""
    return (
        f"Open {COLAB}, choose File > Upload notebook, and take {name}.",
        "Choose Runtime > Run all. A GPU (Runtime > Change runtime type) is used only with n_gpu_layers in the plan.",
        "When weighbridge-packet.zip is among your downloads, press Enter in the last cell: it gives the runtime back.",
        "Save the notebook as it ran: File > Download > Download .ipynb. Copy its address for the evidence.",
        f"weighbridge import DOWNLOADED.ipynb --into {run_id} --link ADDRESS   (the .zip will do too, and shows less)",
    )


def take_surroundings(session: Session) -> None:
    """The run knows the notebook that this program was started in, if it was: so it is measured there, not planned."""
    facts = read_facts()
    if facts is not None:
        session.keep(session.run.model_copy(update={"notebook": facts}))


def note_end(session: Session) -> None:
    """Reads the reset marker again, when all was measured. Does nothing for a run that is in no notebook."""
    facts = session.run.notebook
    if facts is not None and read_facts() is not None:
        ended = facts.model_copy(update={"boot_id_end": boot_id(), "ended_at": session.deps.now()})
        session.keep(session.run.model_copy(update={"notebook": ended}))
