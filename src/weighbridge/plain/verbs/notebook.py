"""`weighbridge notebook PLAN -o FILE`: the plan as a notebook for a free runtime; with --run, driven there."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from weighbridge.domain.run import Run
from weighbridge.domain.text import clean_line
from weighbridge.plain import diagnostics, output
from weighbridge.plain.desk import kept_session
from weighbridge.plain.exits import Exit
from weighbridge.plain.verbs.notebook_import import tell
from weighbridge.plain.verbs.plan import Chain
from weighbridge.services.plans import load_plan, model_of, pack_of
from weighbridge.services.runs.store import RunStore
from weighbridge.session.deps import real_deps
from weighbridge.session.notebook.driving import minutes, require_command, run_in_colab
from weighbridge.session.notebook.writing import known_gpu, require_new, steps, waiting_run, write_notebook
from weighbridge.session.session import Session


def main(args: Namespace) -> int:
    """0 where the notebook is written; with --run where it ran through, was taken in, and its runtime is stopped."""
    path, target, gpu = Path(args.plan), Path(args.output), known_gpu(args.gpu or "")
    limit_s = minutes(args.time_limit)
    plan = load_plan(path)
    chain = Chain(plan, pack_of(plan, path), model_of(plan, path))
    require_new(target)
    if args.run:
        require_command()
    with kept_session(deps := real_deps()) as (session, runner):
        runner.run(_plan(session, chain, target, gpu, args.package))
    run_id = _one_run(RunStore(deps.home), session.run)
    size = target.stat().st_size / 1024
    output.text(f"{clean_line(str(target), 200)} ({size:,.0f} KiB) is the notebook of the run {run_id}.")
    if not args.run:
        _tell_steps(target, run_id)
        return Exit.DONE
    with kept_session(deps, run_id) as (session, runner):
        run = runner.run(run_in_colab(session, target, gpu, limit_s, diagnostics.note, args.package))
    tell(run, as_json=False)
    return Exit.DONE if run.notebook is not None and run.notebook.stop else Exit.OUTSIDE


def _one_run(store: RunStore, made: Run) -> str:
    """The id of the run that waits for the evidence: an older one of the same plan in place of the one just made."""
    older = waiting_run(store, made)
    if older:
        store.delete(made.id)
    return older or made.id


def _tell_steps(target: Path, run_id: str) -> None:
    for number, step in enumerate(steps(clean_line(str(target), 200), run_id), 1):
        output.text(f"{number}. {step}")


async def _plan(session: Session, chain: Chain, target: Path, gpu: str, package: str | None) -> None:
    """The answers of the plan, and the notebook of them."""
    chain.policy(session)
    await chain.answer(session)
    write_notebook(session, target, gpu, package)
