"""What steps 5 to 7 look like: they follow from where the model runs."""

from __future__ import annotations

from typing import Literal

from weighbridge.domain.flow import elsewhere
from weighbridge.domain.run import Run

Shape = Literal["local", "server", "rented", "notebook"]


def shape_of(run: Run) -> Shape:
    """The child on this machine, a server that the person named, a GPU to rent, or a notebook."""
    if run.model is not None and run.model.served:
        return "server"
    match run.constraints.available_route:
        case "rented_gpu":
            return "rented"
        case "free_colab":
            return "notebook"
        case _:
            return "local"


def can_start(run: Run) -> bool:
    """Whether a proof or an eval can be started from here: on this machine, or against a server that answers."""
    return run.target is not None or not elsewhere(run)
