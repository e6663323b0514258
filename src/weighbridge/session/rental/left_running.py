"""Rentals that nobody waits for: of a run that was killed, found by the ledger and by the label of every job."""

from __future__ import annotations

from itertools import pairwise

from filelock import FileLock

from weighbridge.domain.problems import HubProblem, Problem
from weighbridge.domain.serving.rental import OVER, Hardware, Order, Rental
from weighbridge.services.hub.jobs import ID_LABEL, Jobs, JobView
from weighbridge.services.rentals import Ledger, Page
from weighbridge.session.aside import aside
from weighbridge.session.deps import Deps
from weighbridge.session.rental.ordering import jobs_of
from weighbridge.session.rental.returning import identified, returned, told

RUN_LABEL, CAP_LABEL, LIMIT_LABEL = "weighbridge-run", "weighbridge-cap-cents", "weighbridge-limit-s"


async def left_running(deps: Deps, everywhere: bool = False) -> tuple[Rental, ...]:
    """Rentals that may still cost money and that no running weighbridge uses, the newest first.

    What ended meanwhile gets its proof and its cost, and is left out. The Hub is asked where the ledger has an open or
    damaged page, or with `everywhere`: that finds jobs of another machine too. Where it cannot be asked, what is open
    in the ledger is given as it is.
    """
    ledger = Ledger(deps.home)
    pages = ledger.pages()
    open_pages = [page.rental for page in pages if page.rental is not None and not page.rental.over]
    if not open_pages and not everywhere and all(page.rental for page in pages):
        return ()
    jobs = jobs_of(deps)
    found = []
    for rental in open_pages:
        lock = ledger.hold(rental.order.id)
        if lock is None:
            continue
        try:
            found.append(await _checked(deps, jobs, ledger, rental))
        finally:
            lock.release()
    return tuple(rental for rental in (*found, *await _strangers(deps, jobs, pages)) if not rental.over)


async def stop_left(deps: Deps, rental: Rental) -> Rental:
    """Stops a rental that was found, with proof and cost, in the ledger. Refused where a running weighbridge uses it.

    The run that rented it takes that over when it is opened next. Where the proof does not hold, `message` says so.
    """
    ledger = Ledger(deps.home)
    lock: FileLock = ledger.require_free(rental.order.id)
    try:
        stopped = await returned(deps, jobs_of(deps), ledger.load(rental.order.id) or rental)
        ledger.save(stopped)
    finally:
        lock.release()
    return stopped


def labels_of(order: Order) -> dict[str, str]:
    """What a job bears of its order, so that it can be read back where the ledger is lost.

    Letters, digits and dashes only: a label becomes a tag, and the Hub takes nothing else in one.
    """
    return {RUN_LABEL: order.run_id, CAP_LABEL: str(round(order.cap_usd * 100)), LIMIT_LABEL: str(order.time_limit_s)}


async def _checked(deps: Deps, jobs: Jobs, ledger: Ledger, rental: Rental) -> Rental:
    """An open rental as it is at this moment. Nothing is stopped."""
    try:
        known = await identified(deps, jobs, rental)
        if not known.job_id:
            ledger.save(known)
            return known
        view = await aside(jobs.look, known.job_id, known.namespace)
    except HubProblem as problem:
        if problem.kind != "not_found":
            return rental
        known, view = rental, None
    except Problem:
        return rental
    if view is not None and view.stage not in OVER:
        known = told(known, view, deps.now())
    else:
        known = await returned(deps, jobs, known)
    ledger.save(known)
    return known


async def _strangers(deps: Deps, jobs: Jobs, pages: tuple[Page, ...]) -> list[Rental]:
    """Jobs with our label that the ledger does not know, or whose page is damaged."""
    known = {page.id for page in pages if page.rental is not None}
    try:
        views = await aside(jobs.labelled, await aside(jobs.account))
    except Problem:
        return []
    orders = [(view, _order(view, deps.now())) for view in views]
    return [told(Rental(order=order), view, deps.now()) for view, order in orders if order and order.id not in known]


def _order(view: JobView, now: str) -> Order | None:
    """The order of a job as its labels and its command have it; None where they are not ours."""
    labels, words = view.labels, view.command
    of = dict(pairwise(words))
    vllm = words[:2] == ("vllm", "serve")
    try:
        return Order(
            id=labels[ID_LABEL],
            run_id=labels[RUN_LABEL],
            hardware=Hardware(name=view.flavor),
            engine="vllm" if vllm else "sglang",
            image=view.image,
            repo=of["serve" if vllm else "--model-path"],
            revision=of["--revision"],
            command=words,
            port=int(of["--port"]),
            max_model_len=int(of["--max-model-len" if vllm else "--context-length"]),
            cap_usd=int(labels[CAP_LABEL]) / 100,
            time_limit_s=int(labels[LIMIT_LABEL]),
            agreed_at=now,
        )
    except (KeyError, ValueError):
        return None
