"""The end of a rental: cancel, wait until the provider says that it is over, see that the endpoint is gone, count."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from weighbridge.domain.problems import HubProblem, Problem, Refused
from weighbridge.domain.serving.billing import cost_of, price_words
from weighbridge.domain.serving.rental import OVER, Cost, Rental, Stage, StopProof
from weighbridge.services.hub.jobs import HARDWARE, Jobs, JobView
from weighbridge.services.hub.proxy import Probe, admit, probe
from weighbridge.services.hub.surroundings import without_secrets
from weighbridge.services.hub.telling import LOG
from weighbridge.session.aside import aside
from weighbridge.session.deps import Deps

AGAIN_EVERY = 5
"""A stop that shows no effect is asked for again after so many looks."""
NOT_MADE = "The Hub has no job of this order: it was never made."
NOT_LISTED = "The Hub lists no job of this order; it is looked for again at every start, and by `weighbridge jobs`."
LOG_LINES = 20
"""Lines of the job's log that are kept."""
LOG_WAIT_S = 10.0
"""The log helps to understand, and proves nothing: it is not waited for any longer."""
ACCOUNT = "[account]"
SHORTEST_NAME = 3
"""Letters of an account's name that is taken out: a shorter one stands in ordinary words."""
GONE = "DELETED"
"""A job that its own account cannot find any more."""


class _End(NamedTuple):
    """`rental`: with all that the Hub told. `view`: what it told last, if anything. `problem`: why it told no more.

    `seen_at`: when it told the stage. `waited_s`: how long the stop was waited for, from its first being asked for.
    """

    rental: Rental
    view: JobView | None
    stage: str
    asked: bool
    admitted: bool
    problem: str
    seen_at: str
    waited_s: float


async def returned(deps: Deps, jobs: Jobs, rental: Rental) -> Rental:
    """The rental with its proof of stop and its cost. Saves nothing.

    Problems of the Hub end in a proof that does not hold, which is said loudly. Of an order that
    never became a job nothing has to be stopped.
    """
    if rental.over:
        return rental
    try:
        rental = await identified(deps, jobs, rental)
    except Problem as problem:
        return rental.model_copy(update={"message": _loud(rental, str(problem))})
    if rental.never:
        return rental
    if not rental.job_id:
        return rental.model_copy(update={"message": rental.message or NOT_LISTED})
    end = await _ended(deps, jobs, rental)
    rental = end.rental
    seen = await _refused(deps, rental, end.admitted) if end.stage in OVER else None
    rental = rental.model_copy(update={"stop": _proof(deps, end, seen), "cost": _cost(end)})
    rental = rental.model_copy(update={"message": _message(rental, end)})
    return await _with_log(jobs, rental) if rental.over else rental


def _proof(deps: Deps, end: _End, seen: Probe | None) -> StopProof:
    view = end.view if end.view is not None and end.view.stage in OVER else None
    return StopProof(
        at=deps.now() if end.stage in OVER else end.seen_at,
        asked=end.asked,
        stage=end.stage,
        endpoint_refuses=None if seen is None else _refuses(seen),
        endpoint_said=seen.said if seen is not None else "",
        said=_unnamed(view) if view is not None else "",
        ended_at=view.ended_at if view is not None else "",
    )


def _unnamed(view: JobView) -> str:
    """The provider's words without the account's name, as packets quote them."""
    name = view.namespace
    return view.message.replace(name, ACCOUNT) if len(name) >= SHORTEST_NAME else view.message


def _cost(end: _End) -> Cost:
    view = end.view if end.stage != GONE or (end.view is not None and end.view.stage in OVER) else None
    seconds, source = (view.running_s, view.seconds_source) if view else (None, "the Hub did not say it")
    return cost_of(end.rental.order, seconds, source)


def _message(rental: Rental, end: _End) -> str:
    """What a person has to know of the end: that it is not proven, came by itself, or not by the stop."""
    if not rental.over:
        return _loud(rental, end.problem)
    if not end.asked:
        return rental.message or by_itself(rental, end.view)
    if not _out_of_time(rental, end.view):
        return rental.message
    late = (
        f"The cancel had no effect within {end.waited_s:.0f} s; "
        f"the time limit of {rental.order.time_limit_s / 60:g} minutes ended the job."
    )
    return f"{rental.message} {late}".strip()


async def _with_log(jobs: Jobs, rental: Rental) -> Rental:
    """With the last lines of the job's log, where the Hub has them; a job that is over writes no more."""
    lines: tuple[str, ...] = ()
    with suppress(TimeoutError):
        question = aside(jobs.log_tail, rental.job_id, rental.namespace, LOG_LINES)
        lines = await asyncio.wait_for(question, LOG_WAIT_S)
    return rental.model_copy(update={"log_tail": lines}) if lines else rental


async def identified(deps: Deps, jobs: Jobs, rental: Rental) -> Rental:
    """The rental with its job, looked for by its label where the Hub never answered. HubProblem or Refused.

    Where the Hub had time enough to list one and lists none, no job was ever made. Refused where it is not the Hub that
    the order was made at, which would know no job at all.
    """
    if not jobs.is_hub_of(rental.order):
        raise _other_hub(jobs, rental)
    if rental.job_id or rental.never:
        return rental
    namespace = rental.namespace or await aside(jobs.account)
    found = await aside(jobs.labelled, namespace, rental.order.id)
    if not found:
        age = datetime.fromisoformat(deps.now()) - datetime.fromisoformat(rental.order.agreed_at)
        never = age.total_seconds() >= deps.waits.found
        return rental.model_copy(update={"never": True, "message": NOT_MADE}) if never else rental
    return told(rental, found[0], deps.now())


def _other_hub(jobs: Jobs, rental: Rental) -> Refused:
    price = rental.order.hardware.price
    there = price.source_url.removesuffix(HARDWARE) if price is not None else ""
    said = f"It was rented at {there}, and {without_secrets(jobs.endpoint)} is asked at present."
    return Refused(said, f"Set HF_ENDPOINT to {there}, then try again.")


def told(rental: Rental, view: JobView, now: str) -> Rental:
    """The rental with what the Hub tells of its job; each change of stage stays on record."""
    last = rental.stages[-1] if rental.stages else None
    stages = rental.stages
    if last is None or (last.stage, last.message) != (view.stage, view.message):
        stages = (*stages, Stage(at=now, stage=view.stage, message=view.message))
    update = {"job_id": view.id, "namespace": view.namespace, "url": view.url, "stages": stages}
    if view.exposed and not rental.exposed:
        update["exposed"] = view.exposed[0].rstrip("/")
    return rental.model_copy(update=update)


def by_itself(rental: Rental, view: JobView | None) -> str:
    """Why a job is over that nobody asked to stop."""
    limit = rental.order.time_limit_s
    words = f" It said: {view.message}." if view is not None and view.message else ""
    if _out_of_time(rental, view):
        return f"The job reached its time limit of {limit / 60:g} minutes, and the Hub ended it: the cap held.{words}"
    stage = view.stage if view is not None else rental.stage
    if stage == "ERROR":
        return f"The job failed.{words}"
    return f"The job ended without being asked to ({stage}): it was preempted, or somebody stopped it.{words}"


def _out_of_time(rental: Rental, view: JobView | None) -> bool:
    """Whether it ran for as long as it was allowed to."""
    return view is not None and view.running_s is not None and view.running_s >= rental.order.time_limit_s - 1


async def _ended(deps: Deps, jobs: Jobs, rental: Rental) -> _End:
    """Asks for the stop until the Hub says that the job is over, or the patience ends.

    The stop is asked for where the job cannot be looked at, too: one of the two may be all that works.
    """
    began, looks = deps.monotonic(), 0
    last = rental.stages[-1].at if rental.stages else rental.order.agreed_at
    end = _End(rental, None, rental.stage, False, False, "", last, 0.0)
    while True:
        asked = False
        try:
            end = await _looked(deps, jobs, end)
            if end.stage in OVER:
                break
        except Problem as trouble:
            end = end._replace(problem=str(trouble))
            if isinstance(trouble, HubProblem) and trouble.kind == "not_found":
                break
        if looks % AGAIN_EVERY == 0:
            _tell_wait(end.rental, deps.monotonic() - began, looks)
            end, asked = await _asked(jobs, end)
        looks += 1
        if deps.monotonic() - began >= deps.waits.stop:
            break
        if not asked:
            await asyncio.sleep(deps.waits.poll)
    return end._replace(waited_s=deps.monotonic() - began)


async def _looked(deps: Deps, jobs: Jobs, end: _End) -> _End:
    """With what the Hub tells of the job at this moment. Problem; of kind not_found where the token is another's."""
    rental = end.rental
    try:
        view = await aside(jobs.look, rental.job_id, rental.namespace)
    except HubProblem as problem:
        if problem.kind != "not_found" or await aside(jobs.account) != rental.namespace:
            raise
        listed = await aside(jobs.labelled, rental.namespace, rental.order.id)
        found = next((one for one in listed if one.id == rental.job_id), None)
        if found is None:
            return end._replace(stage=GONE)
        view = found
    now = deps.now()
    admitted = end.admitted or (view.stage not in OVER and _admitted(jobs, view))
    rental = told(rental, view, now)
    return end._replace(rental=rental, view=view, stage=view.stage, admitted=admitted, problem="", seen_at=now)


async def _asked(jobs: Jobs, end: _End) -> tuple[_End, bool]:
    """Asks for the stop; whether the Hub took it."""
    end = end._replace(asked=True)
    try:
        await aside(jobs.cancel, end.rental.job_id, end.rental.namespace)
    except Problem as trouble:
        return end._replace(problem=end.problem or str(trouble)), False
    return end, True


def _tell_wait(rental: Rental, waited_s: float, looks: int) -> None:
    """That a stop was asked for without effect so far: whoever waits is told so."""
    if looks:
        LOG.info(
            "job %s is still %s %.0f s after its stop was asked for; it is asked for again",
            rental.job_id,
            rental.stage,
            waited_s,
        )


def _admitted(jobs: Jobs, view: JobView) -> bool:
    try:
        admit(jobs, view)
    except Refused:
        return False
    return True


async def _refused(deps: Deps, rental: Rental, admitted: bool) -> Probe | None:
    """The last answer at the endpoint: asked until it refuses, or the patience ends."""
    if not rental.exposed:
        return None
    until = deps.monotonic() + deps.waits.refuse
    while True:
        seen = await aside(probe, rental.exposed, admitted)
        if _refuses(seen) or deps.monotonic() >= until:
            return seen
        await asyncio.sleep(deps.waits.poll)


def _refuses(seen: Probe) -> bool | None:
    """Whether no server is behind the address. A proxy that first wants a token says nothing of it."""
    if seen.unclear or seen.status in (401, 403):
        return None
    return seen.status is None or seen.status >= 400


def _loud(rental: Rental, problem: str) -> str:
    order = rental.order
    name = f"The job {rental.job_id}" if rental.job_id else f"A job of the order {order.id}"
    why = f" {problem.rstrip('.')}." if problem else f" The Hub calls it {rental.stage or 'nothing'}."
    return (
        f"NOT PROVEN TO HAVE STOPPED: {name} may still run and cost {price_words(order.hardware.price)}.{why} "
        f"The Hub is to end it after {order.time_limit_s / 60:g} minutes. Stop it now at "
        f"{rental.url or 'your page of jobs on the Hub'}, or with `weighbridge jobs stop {rental.job_id or order.id}`."
    )
