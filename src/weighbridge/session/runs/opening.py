"""Which run a front end opens: the one that was asked for, the newest unfinished one, or a new one."""

from __future__ import annotations

from weighbridge.domain.flow import status
from weighbridge.domain.problems import Refused
from weighbridge.domain.run import Run
from weighbridge.services.runs.store import RunStore
from weighbridge.session.deps import Deps
from weighbridge.session.session import Session


def open_run(deps: Deps, run_id: str | None, new: bool) -> tuple[Session, RunStore, str]:
    """The session, its store, and a sentence for the person (empty where all is as expected).

    A wish is an id, or a beginning that one run alone has. Without a wish it is the newest unfinished run. One that
    is open in another weighbridge is left alone, and a new one begins; asked for by its id, it is Refused. BadInput
    where there is no such run.
    """
    store = RunStore(deps.home)
    if run_id is not None:
        return Session.resume(store, deps, store.find(run_id)), store, ""
    found = None if new else newest_unfinished(store)
    notice = ""
    if found is not None:
        try:
            return Session.resume(store, deps, found), store, ""
        except Refused:
            notice = f"the run {found} is open in another weighbridge; this is a new one"
    return Session.create(store, deps), store, notice


def newest_unfinished(store: RunStore) -> str | None:
    """The unfinished run that was worked on last; one with a confirmed step before one that is still empty."""
    runs = [entry.run for entry in store.list() if entry.run and unfinished(entry.run)]
    return max(runs, key=lambda run: (bool(run.confirmed), run.updated_at)).id if runs else None


def unfinished(run: Run) -> bool:
    """Whether somebody began these nine steps and has not saved the packet.

    A single proof from the command line has a model and no step confirmed: it waits for nobody.
    """
    alone = run.model is not None and not run.confirmed
    return status(run, "packet") != "done" and not alone
