"""What has to hold before a server is asked anything."""

from __future__ import annotations

import os
import sys
from urllib.parse import urlsplit

from weighbridge.domain.machine import MachineFacts
from weighbridge.domain.problems import Refused
from weighbridge.domain.run import Run
from weighbridge.services.endpoint import keys
from weighbridge.services.endpoint.address import is_near

_GPU_DEVICES = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")
OLLAMA_CLOUD = "cloud"
"""How the tag of a model ends that Ollama hands on to its cloud, whose address is then another than the service's."""


def require_reachable(run: Run) -> None:
    """Refused, with the way out, where nothing may be sent to the server of the run, or it is gone."""
    target, rental = run.target, run.answering
    assert target is not None
    if target.origin == "rented" and rental is not None and rental.stop is not None:
        raise Refused(
            f"The rented GPU {rental.job_id} was stopped at {rental.stop.at}: nothing answers there any more.",
            "Rent again in the step Runtime.",
        )
    require_near(run, target.base_url)
    if run.constraints.privacy == "private_docs" and target.api == "ollama" and target.model.endswith(OLLAMA_CLOUD):
        raise Refused(
            f"The inputs may not leave your own machines, and {target.model} is a cloud model of Ollama.",
            "Choose a model that runs here, or answer the privacy question anew in the step Constraints.",
        )
    keys.require_private_way(target.base_url)


def require_memory(run: Run, machine: MachineFacts) -> None:
    """Refused where a folder's weights alone are more than the memory that is free, and no GPU could take them.

    Safetensors are loaded whole: the process needs more than that, never less.
    """
    model, free = run.model, machine.available_bytes
    if model is None or model.kind != "transformers" or not model.path or free is None or _has_gpu():
        return
    if (model.size_bytes or 0) > free:
        size = f"{(model.size_bytes or 0) / 2**20:,.0f} MiB"
        raise Refused(
            f"The weights of {model.name} are {size}, and {free / 2**20:,.0f} MiB of memory are free here.",
            "Free some memory, or choose a smaller or quantized model, or a server that has the room.",
        )


def _has_gpu() -> bool:
    """Whether this system shows a device of NVIDIA or AMD; what its memory has room for is not known."""
    return sys.platform == "win32" or any(os.path.exists(path) for path in _GPU_DEVICES)


def require_near(run: Run, address: str) -> None:
    """Refused where the inputs are private, and the address is not of the person's own network."""
    if run.constraints.privacy == "private_docs" and not is_near(address):
        raise Refused(
            f"The inputs may not leave your own machines, and {urlsplit(address).hostname} is not one of them.",
            "Choose a server in your own network, or answer the privacy question anew in the step Constraints.",
        )
