"""Which run a front end opens: the one that was asked for, the newest unfinished one, or a new one."""

from __future__ import annotations

from weighbridge.domain.flow import status
from weighbridge.domain.problems import Refused
from weighbridge.domain.run import Run
from weighbridge.services.store import RunStore
from weighbridge.session.deps import Deps
from weighbridge.session.session import Session


def open_run(deps: Deps, run_id: str | None, new: bool) -> tuple[Session, RunStore, str]:
    """The session, its store, and a sentence for the person (empty where all is as expected).

    Without a wish it is the newest unfinished run. One that is open in another weighbridge is left alone, and a
    new one begins; asked for by its id, it is Refused. BadInput where there is no such run.
    """
    store = RunStore(deps.home)
    if run_id is not None:
        return Session.resume(store, deps, run_id), store, ""
    found = None if new else next((e.id for e in store.list() if e.run and unfinished(e.run)), None)
    notice = ""
    if found is not None:
        try:
            return Session.resume(store, deps, found), store, ""
        except Refused:
            notice = f"the run {found} is open in another weighbridge; this is a new one"
    return Session.create(store, deps), store, notice


def unfinished(run: Run) -> bool:
    """Whether somebody began these nine steps and has not saved the packet.

    A single proof from the command line has no step confirmed: it waits for nobody.
    """
    alone = run.proof is not None and not run.confirmed
    return status(run, "packet") != "done" and not alone
