"""Rentals that nobody waits for: of a run that was killed, found by the ledger and by the label of every job."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise

from weighbridge.domain.problems import HubProblem, OutsideFailed, Problem, Refused
from weighbridge.domain.serving.rental import OVER, Hardware, Order, Rental
from weighbridge.domain.serving.rental_words import stop_words
from weighbridge.services.hub.jobs import ID_LABEL, Jobs, JobView
from weighbridge.services.rentals import Ledger, Page
from weighbridge.session.aside import aside
from weighbridge.session.deps import Deps
from weighbridge.session.rental.ordering import jobs_of
from weighbridge.session.rental.returning import identified, returned, told

_REOPENED = {"never": False, "stop": None, "cost": None, "message": ""}
"""Of a rental that was taken for ended, and runs."""
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
        with suppress(Refused), _held(ledger, rental):
            found.append(await _checked(deps, jobs, ledger, rental))
    return tuple(rental for rental in (*found, *await _strangers(deps, jobs, pages)) if not rental.over)


async def stop_left(deps: Deps, rental: Rental) -> Rental:
    """Stops a rental that was found, with proof and cost, in the ledger. Refused where a running weighbridge uses it.

    The run that rented it takes that over when it is opened next. Where the proof does not hold, `message` says so.
    """
    ledger = Ledger(deps.home)
    with _held(ledger, rental):
        jobs, kept = jobs_of(deps), ledger.load(rental.order.id)
        if kept is None or (kept.over and rental.job_id and await _lives(jobs, rental)):
            kept = rental
        stopped = await returned(deps, jobs, kept)
        _keep(ledger, stopped)
    return stopped


@contextmanager
def _held(ledger: Ledger, rental: Rental) -> Iterator[None]:
    """Marks it as in use, but where the disk lets nobody do so: a machine is found and stopped all the same.

    Refused where a running weighbridge uses it.
    """
    try:
        lock = ledger.require_free(rental.order.id)
    except OutsideFailed:
        yield
        return
    try:
        yield
    finally:
        lock.release()


def _keep(ledger: Ledger, rental: Rental) -> None:
    """OutsideFailed where the disk fails; what became of the machine is said before that."""
    try:
        ledger.save(rental)
    except OutsideFailed as problem:
        end = stop_words(rental) if rental.over else rental.message
        raise OutsideFailed(f"{end} But {str(problem)[:1].lower()}{str(problem)[1:]}", problem.hint) from problem


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
            return _noted(ledger, known)
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
    return _noted(ledger, known)


def _noted(ledger: Ledger, rental: Rental) -> Rental:
    """Keeps what was seen, where the disk lets it: the next look sees it again."""
    with suppress(OutsideFailed):
        ledger.save(rental)
    return rental


async def _strangers(deps: Deps, jobs: Jobs, pages: tuple[Page, ...]) -> list[Rental]:
    """Jobs with our label that the ledger does not know or holds for ended, or whose page is damaged."""
    known = {page.id: page.rental for page in pages if page.rental is not None}
    try:
        views = await aside(jobs.labelled, await aside(jobs.account))
    except Problem:
        return []
    found = []
    for view in views:
        order = _order(view, deps.now())
        page = known.get(view.labels.get(ID_LABEL, ""))
        if page is None and order is not None:
            found.append(told(Rental(order=order), view, deps.now()))
        elif page is not None and page.over and await _lives(jobs, told(page, view, "")):
            found.append(told(page.model_copy(update=_REOPENED), view, deps.now()))
    return found


async def _lives(jobs: Jobs, rental: Rental) -> bool:
    """Whether the job of a rental that was taken for ended runs at this moment: a list may be late."""
    try:
        return (await aside(jobs.look, rental.job_id, rental.namespace)).stage not in OVER
    except Problem as problem:
        return not (isinstance(problem, HubProblem) and problem.kind == "not_found")


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
