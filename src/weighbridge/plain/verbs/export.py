"""`weighbridge export FORMAT PLAN`: a plan as the task file or the command of another tool. Nothing is started."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from weighbridge.domain import intents as want
from weighbridge.domain.plan import Plan
from weighbridge.domain.text import clean_line
from weighbridge.plain import diagnostics, output
from weighbridge.plain.desk import scratch_session
from weighbridge.plain.exits import Exit
from weighbridge.services.export_file import write_new
from weighbridge.services.plans import load_plan, model_of
from weighbridge.session.deps import real_deps
from weighbridge.session.packets.exporting import exported, take_model
from weighbridge.session.session import Session


def main(args: Namespace) -> int:
    """0 where the text is written. Every mistake of the plan is said before a file is made."""
    path = Path(args.plan)
    plan = load_plan(path)
    with scratch_session(real_deps()) as (session, runner):
        text = runner.run(_export(session, plan, model_of(plan, path), args.format))
    for line in text.splitlines():
        if line.startswith("# WARNING: "):
            diagnostics.note(line.removeprefix("# "))
    if args.output is None:
        output.text(text.rstrip("\n"))
        return Exit.DONE
    target = Path(args.output)
    write_new(target, text)
    diagnostics.note(f"{clean_line(str(target), 200)} is written; its comments say how it is started and stopped")
    return Exit.DONE


async def _export(session: Session, plan: Plan, model: str, form: str) -> str:
    """The answers that an export reads, and the export. Nothing is fetched but what the Hub says of the model."""
    for field, value in plan.constraints.model_dump().items():
        session.apply(want.Answer(field=field, value=value))
    for field, text in plan.runtime.settings.items():
        session.apply(want.ChangeSetting(field=field, value=text))
    for field, text in plan.serve.given.items():
        session.apply(want.ChangeServe(field=field, value=text))
    await take_model(session, model)
    return await exported(session, form)
