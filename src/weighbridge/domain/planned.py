"""What a person types on a route that weighbridge does not drive: the route's commands, filled for the run's model."""

from __future__ import annotations

import shlex

from weighbridge.domain.problems import Problem
from weighbridge.domain.route.table import RouteRow
from weighbridge.domain.run import Run
from weighbridge.domain.serving.commands import serving
from weighbridge.domain.serving.deployment import Deployment, require_servable
from weighbridge.domain.serving.plan import ServePlan
from weighbridge.domain.serving.servers import ServersFile

START = "Start the service"
"""How the title of the command begins that the plan's own engine takes the place of."""


def route_commands(run: Run, route: RouteRow, servers: ServersFile) -> list[tuple[str, str]]:
    """Title and text of each command. What is not known of the model stays a visible gap.

    A rented GPU starts the engine of the plan's [serve], by the very command that the export of the plan has.
    """
    model, rented = run.model, route.id == "rented_gpu"
    repo, revision, file = (model.repo, model.revision, model.file_name) if model else ("", "", "")
    length = run.serve.max_model_len if rented else run.settings.n_ctx
    start = _start(run, servers) if rented else ""
    rows = [(row.title, row.filled(repo, revision, length, file).strip()) for row in route.command]
    return [(title, start if start and title.startswith(START) else text) for title, text in rows]


def _start(run: Run, servers: ServersFile) -> str:
    """The server's command; empty where the engine cannot serve the model."""
    server = servers.of(run.serve.engine)
    try:
        model = require_servable(run.model, server)
    except Problem:
        return ""
    return shlex.join(serving(Deployment(model=model, server=server, serve=run.serve, settings=run.settings)))


def serve_rows(serve: ServePlan) -> list[tuple[str, str]]:
    """What the plan says of the machine that is to be rented: name and value, empty where it is not chosen."""
    cap = "" if serve.cap_usd is None else f"{serve.cap_usd:g} US dollars"
    return [
        ("engine", serve.engine),
        ("hardware", serve.hardware),
        ("image", serve.image or f"the pinned one of {serve.engine}"),
        ("max model len", str(serve.max_model_len)),
        ("cap", cap),
    ]


def serve_text(serve: ServePlan) -> str:
    """Engine, hardware, image and cap in one line; empty where nothing of it was chosen."""
    if serve == ServePlan():
        return ""
    on = f" on {serve.hardware}" if serve.hardware else ""
    cap = "" if serve.cap_usd is None else f", cap {serve.cap_usd:g} US dollars"
    return f"{serve.engine}{on}, image: {serve.image or 'the pinned one'}{cap}"
