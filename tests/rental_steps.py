"""What the tests of rentals share: a plan, patience, and the steps up to a machine that answers."""

from __future__ import annotations

from contextlib import aclosing

from weighbridge.domain import intents as want
from weighbridge.domain.serving.rental import Rental, Waits
from weighbridge.session import Session
from weighbridge.session.rental import renting

REPO = "acme/small-Instruct"
CARD = "---\nlicense: apache-2.0\nlanguage: [en]\n---\n# Small\n"
PLAN = f"""[constraints]
available_route = "rented_gpu"
[model]
use = "{REPO}"
[serve]
hardware = "l4x1"
[eval]
cases = "cases.toml"
"""
CASE = """[[case]]
id = "paris-{n}"
prompt = "Which city is it?"
why = "It is told in one word."
[case.grader]
kind = "includes"
target = "Paris"
"""
PACK = 'id = "paris"\ntitle = "One city"\n[policy]\nmin_pass = 5\n' + "".join(CASE.format(n=n) for n in range(5))
FAST = Waits(poll=0.02, scheduling=60.0, ready=60.0, silent=60.0, stop=60.0, refuse=60.0, found=900.0)
"""Asks often, and waits long: on a busy machine a sound service may take many seconds."""
GIVES_UP = FAST.model_copy(update={"silent": 0.3, "stop": 2.0, "refuse": 0.3})
"""For a service that never stops a job, or falls silent."""


async def planned(session: Session, cap: str = "1.00") -> None:
    """The answers up to the start of the rental."""
    session.apply(want.Answer(field="available_route", value="rented_gpu"))
    await session.choose_model(REPO)
    session.apply(want.ChangeServe(field="hardware", value="l4x1"))
    session.apply(want.ChangeServe(field="cap_usd", value=cap))


async def rented(session: Session) -> Rental:
    """The end of a rental's way: an endpoint that answers, or the failure."""
    order = await renting.order_of(session)
    async with aclosing(renting.rent(session, order)) as states:
        return [rental async for rental in states][-1]
