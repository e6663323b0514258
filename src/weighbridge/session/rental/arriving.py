"""From a started job to a server that answers: what is looked at, how long is waited, and what counts as failed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from weighbridge.domain.problems import HubProblem, Problem
from weighbridge.domain.serving.rental import OVER, Rental
from weighbridge.services.hub.job_stream import JobStream
from weighbridge.services.hub.jobs import Jobs, JobView
from weighbridge.services.hub.proxy import admit, probe
from weighbridge.session.aside import aside
from weighbridge.session.deps import Deps
from weighbridge.session.rental.returning import LOG_LINES, by_itself, told

OVERTIME_S = 120.0
"""So long after its limit a job that still runs has a provider that does not keep the cap."""


class Arrival:
    """The way of one job to an endpoint that answers. `states()` once; `failure` says why it did not get there."""

    def __init__(self, deps: Deps, jobs: Jobs, rental: Rental) -> None:
        self._deps, self._jobs, self._waits = deps, jobs, deps.waits
        self.rental = rental
        self.failure = ""
        self._began = self._heard = deps.monotonic()
        self._running_since: float | None = None
        self._logs: JobStream[str] | None = None

    async def states(self) -> AsyncGenerator[Rental, None]:
        """The rental at every change, until its endpoint answers or it failed. Problems of the Hub do not get out."""
        try:
            while not self.failure and not self.rental.endpoint:
                before = self.rental
                await self._look()
                if self.rental != before:
                    yield self.rental
                if not self.failure and not self.rental.endpoint:
                    await asyncio.sleep(self._waits.poll)
        finally:
            if self._logs is not None:
                self._logs.close()

    async def _look(self) -> None:
        now = self._deps.monotonic()
        try:
            view = await aside(self._jobs.look, self.rental.job_id, self.rental.namespace)
        except Problem as problem:
            lost = isinstance(problem, HubProblem) and problem.kind == "not_found"
            if lost or now - self._heard > self._waits.silent:
                self.failure = f"The job is out of sight: {problem}."
            return
        self._heard = now
        self.rental = told(self.rental, view, self._deps.now())
        if view.stage in OVER:
            self.failure = by_itself(self.rental, view)
        elif view.stage == "RUNNING":
            await self._running(view, now)
        elif now - self._began > self._waits.scheduling:
            minutes = self._waits.scheduling / 60
            self.failure = (
                f"The job did not start within {minutes:g} minutes: no {self.rental.order.hardware.name} is free."
            )

    async def _running(self, view: JobView, now: float) -> None:
        if self._running_since is None:
            self._running_since = now
            job, namespace = view.id, view.namespace
            self._logs = JobStream(lambda: self._jobs.logs(job, namespace), LOG_LINES)
        if self._logs is not None and (lines := self._logs.newest()):
            self.rental = self.rental.model_copy(update={"log_tail": lines})
        limit = self.rental.order.time_limit_s
        if view.running_s is not None and view.running_s > limit + OVERTIME_S:
            self.failure = f"The Hub did not end the job at its limit of {limit / 60:g} minutes."
        elif view.exposed:
            await self._ask(view)
        if not self.failure and not self.rental.endpoint and now - self._running_since > self._waits.ready:
            minutes = self._waits.ready / 60
            self.failure = f"The job runs, and its server did not answer within {minutes:g} minutes."

    async def _ask(self, view: JobView) -> None:
        try:
            address = admit(self._jobs, view)
        except Problem as problem:
            self.failure = str(problem)
            return
        seen = await aside(probe, address, True)
        if seen.healthy:
            self.rental = self.rental.model_copy(update={"exposed": address, "endpoint": f"{address}/v1"})
