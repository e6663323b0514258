"""The notebook of a run: written, run by hand in a few steps, and what it tells of the machine that it runs on."""

from __future__ import annotations

from pathlib import Path

from weighbridge.domain.problems import BadInput
from weighbridge.domain.run import Run
from weighbridge.domain.text import clean_line
from weighbridge.services.atomic import write_atomic
from weighbridge.services.notebook.build import GPUS, notebook_json
from weighbridge.services.notebook.plan_file import require_free_runtime
from weighbridge.services.notebook.surroundings import boot_id, read_facts
from weighbridge.session.session import Session

COLAB = "https://colab.research.google.com/#create=true"
SUFFIX = ".ipynb"


def notebook_of(run: Run, gpu: str = "", give_back: bool = True, package: str | None = None) -> str:
    """JSON text of the notebook: the same bytes for the same plan.

    `gpu`: accelerator that Colab opens it with, one of `GPUS`; empty: none. `give_back` false: whoever drives it stops
    the runtime. `package`: what pip installs there; None: this release, empty: nothing. BadInput where the plan is of
    another route or its model cannot be fetched elsewhere; Refused where the inputs may not leave the person's own
    machines.
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
    """Writes the notebook of the session's run, whole or not at all. BadInput, Refused or OutsideFailed."""
    if path.suffix != SUFFIX or path.is_dir():
        raise BadInput(f"{clean_line(str(path), 120)} is no name of a notebook.", f"Let it end in {SUFFIX}.")
    write_atomic(path.absolute(), notebook_of(session.run, gpu, package=package).encode())


def steps(name: str, run_id: str) -> tuple[str, ...]:
    """What a person does with the notebook where no `colab` command is at hand, one line a step. `name`: its file."""
    return (
        f"Open {COLAB}, choose File > Upload notebook, and take {name}.",
        "For a GPU choose Runtime > Change runtime type. Then choose Runtime > Run all.",
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
