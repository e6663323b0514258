"""`weighbridge notebook PLAN -o FILE`: the plan as a notebook for a free runtime; with --run, driven there."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from weighbridge.domain.text import clean_line
from weighbridge.plain import output
from weighbridge.plain.desk import kept_session
from weighbridge.plain.exits import Exit
from weighbridge.plain.plan import Chain
from weighbridge.services.plans import load_plan, model_of, pack_of
from weighbridge.session.deps import real_deps
from weighbridge.session.notebook import steps, write_notebook
from weighbridge.session.session import Session


def main(args: Namespace) -> int:
    """0 where the notebook is written, and with --run where it ran, was taken in, and its runtime is given back."""
    path, target = Path(args.plan), Path(args.output)
    plan = load_plan(path)
    chain = Chain(plan, pack_of(plan, path), model_of(plan, path))
    with kept_session(real_deps()) as (session, runner):
        runner.run(_plan(session, chain, target, args.gpu or ""))
        name = clean_line(str(target), 200)
        output.text(f"{name} is the notebook of the run {session.run.id}.")
        for number, step in enumerate(steps(name, session.run.id), 1):
            output.text(f"{number}. {step}")
    return Exit.DONE


async def _plan(session: Session, chain: Chain, target: Path, gpu: str) -> None:
    """The answers of the plan, and the notebook of them."""
    chain.policy(session)
    await chain.answer(session)
    write_notebook(session, target, gpu)
