"""What a person types on a route that weighbridge does not drive: the route's commands, filled for the run's model."""

from __future__ import annotations

from weighbridge.domain.route.table import RouteRow
from weighbridge.domain.run import Run


def route_commands(run: Run, route: RouteRow) -> list[tuple[str, str]]:
    """Title and text of each command. What is not known of the model stays a visible gap."""
    model = run.model
    repo, revision, file = (model.repo, model.revision, model.file_name) if model else ("", "", "")
    return [(row.title, row.filled(repo, revision, run.settings.n_ctx, file).strip()) for row in route.command]
