"""What has to hold before a server is asked anything."""

from __future__ import annotations

from urllib.parse import urlsplit

from weighbridge.domain.problems import Refused
from weighbridge.domain.run import Run
from weighbridge.services.endpoint import keys
from weighbridge.services.endpoint.address import is_near

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


def require_near(run: Run, address: str) -> None:
    """Refused where the inputs are private, and the address is not of the person's own network."""
    if run.constraints.privacy == "private_docs" and not is_near(address):
        raise Refused(
            f"The inputs may not leave your own machines, and {urlsplit(address).hostname} is not one of them.",
            "Choose a server in your own network, or answer the privacy question anew in the step Constraints.",
        )
