"""What has to hold before a server is asked anything."""

from __future__ import annotations

from urllib.parse import urlsplit

from weighbridge.domain.problems import Refused
from weighbridge.domain.run import Run
from weighbridge.services.endpoint import keys
from weighbridge.services.endpoint.address import is_near


def require_reachable(run: Run) -> None:
    """Refused, with the way out, where nothing may be sent to the server of the run, or it is gone."""
    target, rental = run.target, run.rental
    assert target is not None
    if target.origin == "rented" and rental is not None and rental.stop is not None:
        raise Refused(
            f"The rented GPU {rental.job_id} was stopped at {rental.stop.at}: nothing answers there any more.",
            "Rent again in the step Runtime.",
        )
    if run.constraints.privacy == "private_docs" and not is_near(target.base_url):
        raise Refused(
            f"The inputs may not leave your own machines, and {urlsplit(target.base_url).hostname} is not one of them.",
            "Choose a server in your own network, or answer the privacy question anew in the step Constraints.",
        )
    keys.require_private_way(target.base_url)
