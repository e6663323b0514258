"""Step 5 where another machine runs the model: renting a GPU, a notebook out and back, and the plan for other tools."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing, suppress
from pathlib import Path

from weighbridge.domain.problems import BadInput, Problem
from weighbridge.domain.run import Run
from weighbridge.domain.serving.billing import earlier_usd
from weighbridge.domain.serving.plan import ServePlan
from weighbridge.domain.serving.rental import Order, Rental
from weighbridge.domain.serving.rental_words import agreement, buys_words, spent_words, told
from weighbridge.domain.text import clean, clean_line
from weighbridge.plain import output
from weighbridge.plain.loading import stoppable
from weighbridge.plain.prompts import Talk
from weighbridge.plain.texts.figures import table
from weighbridge.plain.texts.rental import end_line, hardware_line, new_lines, state_line
from weighbridge.plain.verbs.left_jobs import name_of
from weighbridge.services.atomic import write_atomic
from weighbridge.services.rentals import Ledger
from weighbridge.session.notebook.importing import import_evidence
from weighbridge.session.notebook.writing import steps, write_notebook
from weighbridge.session.packets.exporting import FORMATS, exported
from weighbridge.session.rental import renting, watching
from weighbridge.session.session import Session

EXPORT = "export FORMAT [FILE]"
WORDS = {
    "rented_gpu": ("hardware", "rent", "stop", EXPORT),
    "free_colab": ("notebook [FILE]", "import FILE", EXPORT),
    "local_cpu": (EXPORT,),
}
"""What can be typed beside name=value, by route."""
LOOK_EVERY_S = 0.1


def words_of(run: Run) -> str:
    """What can be typed on the route of the run, for the prompt."""
    return ", ".join(WORDS[run.constraints.available_route])


def elsewhere_text(session: Session) -> str:
    """What is rented, or what came back of a notebook; empty on this machine."""
    run, now = session.run, session.deps.now()
    match run.constraints.available_route:
        case "rented_gpu":
            values = {name: getattr(run.serve, name) for name in SERVE}
            serve = [(name, "" if value is None else str(value)) for name, value in values.items()]
            price = run.rental.order.hardware.price if run.rental is not None else None
            buys = buys_words(run.serve.cap_usd, price, earlier_usd(run.rentals))
            parts = ["To rent", table([*serve, ("the cap", buys)])]
            if run.rental is not None:
                parts += ["Rental", table([(name, clean_line(value, 400)) for name, value in told(run.rental, now)])]
            return "\n".join(parts)
        case "free_colab":
            name = f"weighbridge-{run.id}.ipynb"
            return "\n".join(["By hand, after `notebook` has written it", *steps(name, run.id)])
        case _:
            return ""


def did(talk: Talk, text: str) -> bool:
    """Does what was typed, if it is one of the words of the route. Problem says what went wrong."""
    word, _, rest = text.partition(" ")
    route, rest = talk.session.run.constraints.available_route, rest.strip()
    doing: dict[str, Callable[[], None]] = {"export": lambda: _export(talk, rest)}
    if route == "rented_gpu":
        doing |= {"hardware": lambda: _hardware(talk), "rent": lambda: _rent(talk), "stop": lambda: _stop(talk)}
    elif route == "free_colab":
        doing |= {"notebook": lambda: _notebook(talk, rest), "import": lambda: _import(talk, rest)}
    if word not in doing or "=" in text:
        return False
    doing[word]()
    return True


def _hardware(talk: Talk) -> None:
    for one in talk.runner.run(renting.hardware(talk.session.deps)):
        output.text(hardware_line(one))


def _rent(talk: Talk) -> None:
    """Shows what it can cost at most, and rents after a yes. A changed price, and a token to share, are asked about."""
    with_token = False
    while True:
        try:
            order = talk.runner.run(renting.order_of(talk.session, with_token))
            output.text(agreement(order))
            if not _yes(talk, "y rents it, Enter does not"):
                output.text("Nothing was rented.")
                return
            talk.runner.run(_arrive(talk.session, order))
            return
        except renting.TokenNeeded as problem:
            output.text(f"! {problem}\n  {problem.in_steps}")
            if not _yes(talk, "y shares it with the job, Enter does not"):
                return
            with_token = True
        except renting.PriceChanged as problem:
            output.text(f"! {problem}")


def _yes(talk: Talk, prompt: str) -> bool:
    return talk.line(prompt).lower() in ("y", "yes")


async def _arrive(session: Session, order: Order) -> None:
    """Every change in a line, until the server answers. Ctrl+c gives it back."""
    output.text("ctrl+c stops it and gives it back")
    with stoppable() as cancelled:
        task = asyncio.ensure_future(_followed(session, order))
        while not (await asyncio.wait((task,), timeout=LOOK_EVERY_S))[0]:
            if cancelled.is_set():
                task.cancel()
        if not task.cancelled() and (problem := task.exception()) is not None:
            raise problem
    rental = session.run.rental
    if rental is not None and rental.endpoint and not rental.over:
        output.text("It runs and costs money: steps 6 and 7 ask it, `stop` in step 5 or leaving ends it.")
    elif rental is not None:
        output.text(end_line(rental))


async def _followed(session: Session, order: Order) -> None:
    said = ""
    log: tuple[str, ...] = ()
    async with aclosing(renting.rent(session, order)) as states:
        async for rental in states:
            for written in new_lines(log, rental.log_tail):
                output.text(f"  log: {written}")
            log = rental.log_tail
            line = f"{state_line(rental)} ({spent_words(rental, session.deps.now())})"
            if state_line(rental) != said:
                output.text(clean_line(line, 400))
            said = state_line(rental)


def _stop(talk: Talk) -> None:
    output.text("stopping it, and waiting for the proof")
    output.text(end_line(talk.runner.run(renting.give_back(talk.session))))


def open_rental(run: Run) -> Rental | None:
    """The rental of the run that may cost money."""
    return run.rental if run.rental is not None and not run.rental.over else None


def settle(talk: Talk, asked: bool) -> None:
    """Before the prompts end: what is rented is stopped, or left running on the person's word. `asked`: the person
    is there to answer."""
    rental = open_rental(talk.session.run)
    if rental is None:
        return
    name = f"{rental.order.hardware.name} (job {rental.job_id or 'without an id yet'})"
    output.text(f"! {name} still runs and costs money: {spent_words(rental, talk.session.deps.now())}.")
    if asked and talk.line("Enter stops it, leave lets it run on record until its time limit").lower() == "leave":
        if talk.session.lease is not None:
            talk.session.lease.release()
            talk.session.lease = None
        return
    _stop(talk)


def tell_ended(talk: Talk) -> None:
    """Looks whether the rented machine runs still; one that ended by itself is told of, with its proof and cost."""
    ended = talk.runner.run(watching.look(talk.session))
    if ended is not None:
        output.text(f"! The rented {ended.order.hardware.name} ended by itself. {end_line(ended)}")


def tell_left(talk: Talk) -> None:
    """Says at the start what earlier runs have left running. A Hub that cannot be asked is no reason to stop."""
    if not Ledger(talk.session.deps.home).pages():
        return
    with suppress(Problem):
        for rental in talk.runner.run(renting.left_running(talk.session.deps)):
            output.text(f"! Left running: {state_line(rental)}. `weighbridge jobs stop {name_of(rental)}` stops it.")


def _notebook(talk: Talk, rest: str) -> None:
    path = Path(rest or f"weighbridge-{talk.session.run.id}.ipynb").expanduser()
    if path.exists() and not _yes(talk, f"{clean_line(str(path))} exists: y replaces it, Enter keeps it"):
        return
    write_notebook(talk.session, path)
    output.text(f"Written: {clean_line(str(path))}")


def _import(talk: Talk, rest: str) -> None:
    if not rest:
        raise BadInput("Which file came back?", "Type import and the path of the notebook or the packet.")
    run = talk.runner.run(import_evidence(talk.session, Path(rest).expanduser(), talk.session.run.plan.notebook_link))
    gate = run.evaluation.gate if run.evaluation else None
    score = f"; {gate.passed} of {gate.total} cases passed" if gate else ""
    output.text(f"It is taken back: steps 6 and 7 show it{score}.")


def _export(talk: Talk, rest: str) -> None:
    name, _, file = rest.partition(" ")
    if name not in FORMATS:
        raise BadInput(f"There is no export {clean_line(name, 40)!r}.", f"Take one of {', '.join(FORMATS)}.")
    text = talk.runner.run(exported(talk.session, name))
    if not file.strip():
        output.text(clean(text, len(text) + 1))
        return
    path = Path(file.strip()).expanduser()
    if path.exists() and not _yes(talk, f"{clean_line(str(path))} exists: y replaces it, Enter keeps it"):
        return
    write_atomic(path.absolute(), text.encode())
    output.text(f"Written: {clean_line(str(path))}")


SERVE = tuple(ServePlan.model_fields)
"""Names of what is chosen of a rental."""
