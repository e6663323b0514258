"""What ran in a notebook goes back into the run that planned it: checked first, then taken over whole."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from weighbridge.domain.model.choice import ModelChoice
from weighbridge.domain.problems import BadInput, Problem
from weighbridge.domain.proof.events import EVENT, Attempt
from weighbridge.domain.run import Run
from weighbridge.domain.serving.notebook import NotebookRuntime
from weighbridge.domain.text import clean, clean_line
from weighbridge.services.atomic import write_atomic
from weighbridge.services.notebook.evidence_file import HandedIn, handed_in
from weighbridge.services.packet_io.contents import LOGS, Contents
from weighbridge.services.packet_io.rebuild import run_of
from weighbridge.services.packet_io.verify import read_packet
from weighbridge.session.notebook.taking import taken_over
from weighbridge.session.runs.moving import cleaned
from weighbridge.session.session import Session

COLAB_HOST = "colab.research.google.com"
MAX_LOG = 2_000_000
"""Characters of a log that are kept."""
_OTHERS = "Name the packet of this plan, or the run of that one with --into ID."


class Broken(Problem):
    """The packet does not hold: nothing is taken from it."""

    exit_code = 5


@dataclass(frozen=True)
class Evidence:
    """A packet that was checked, as the run that it tells of. `notebook`: its facts, with what the file showed."""

    run: Run
    contents: Contents
    notebook: NotebookRuntime


@contextmanager
def evidence_of(file: Path) -> Iterator[Evidence]:
    """Reads and checks what a person hands in. Blocks: every check of `weighbridge verify` is made.

    BadInput for what is no packet or no notebook that ran through unedited; Broken where the packet does not hold.
    """
    with handed_in(file) as handed:
        name = clean_line(str(file), 120)
        report, contents = read_packet(handed.packet)
        if not report.ok:
            wrong = next(check for check in report.checks if not check.ok)
            raise Broken(
                f"The packet of {name} does not verify ({wrong.name}: {clean_line(wrong.detail, 160)}).",
                "Nothing was taken from it. `weighbridge verify` on its folder says it in full.",
            )
        run = run_of(contents)
        if run.notebook is None or run.proof is None:
            raise BadInput(
                f"The packet of {name} was not measured in a notebook: it has no facts of its runtime.",
                "Write a notebook with `weighbridge notebook PLAN`, and run it there.",
            )
        yield Evidence(run, contents, _with_end(run.notebook, handed))


def _with_end(facts: NotebookRuntime, handed: HandedIn) -> NotebookRuntime:
    """The facts of the packet, with what the last cell told, where the notebook itself is at hand."""
    told = {name: value for name, value in handed.end.items() if name in ("boot_id_end", "ended_at", "stop") and value}
    return facts.model_copy(update={**told, "executed_sha256": handed.executed_sha256, "inside": False})


def difference(run: Run, evidence: Evidence) -> str:
    """What of the plan is another one in the packet, as one sentence; empty where it is of the same plan."""
    ran = evidence.run
    settings = evidence.contents.runtime.chosen_settings.whole if evidence.contents.runtime else None
    if run.constraints != ran.constraints:
        changed = [f for f in type(run.constraints).model_fields if _differs(run.constraints, ran.constraints, f)]
        return f"the packet answers other constraints: {', '.join(changed)}"
    if not _same_model(run.model, ran.model):
        return f"the packet is of another model: {_exact(ran.model)}, and the plan's is {_exact(run.model)}"
    if run.policy is None or ran.policy is None or run.policy.cases_digest != ran.policy.cases_digest:
        return "the packet is of other cases: their digest is not that of the plan's"
    if run.policy != ran.policy:
        return f"the packet's gate is another one: {ran.policy.min_pass} of {ran.policy.cases} have to pass there"
    if settings is None or run.settings != settings:
        other = [f for f in type(run.settings).model_fields if _differs(run.settings, settings, f)]
        return f"the packet was made with other settings: {', '.join(other)}"
    return "" if run.prompt == ran.prompt else "the packet's proof had another prompt"


def _differs(one: object, other: object, field: str) -> bool:
    return bool(getattr(one, field) != getattr(other, field, None))


def _same_model(plan: ModelChoice | None, ran: ModelChoice | None) -> bool:
    """One digest where both are known; else one file of one commit."""
    if plan is None or ran is None:
        return False
    if plan.sha256 and ran.sha256:
        return plan.sha256 == ran.sha256
    return (plan.repo, plan.revision, plan.file_name) == (ran.repo, ran.revision, ran.file_name)


def _exact(model: ModelChoice | None) -> str:
    if model is None:
        return "none"
    digest = f", SHA-256 {model.sha256[:12]}" if model.sha256 else ""
    return clean_line(f"{model.file_name or model.name}{digest}", 120)


async def import_evidence(session: Session, file: Path, link: str = "") -> Run:
    """Takes proof, eval, events, machine and the notebook's facts into the run. Says nothing is current that is not.

    `file`: a packet (folder or .zip) or the notebook as it ran; `link`: the notebook's address. BadInput, Broken or
    OutsideFailed: the run stays as it was.
    """
    opened = evidence_of(file)
    evidence = await asyncio.to_thread(opened.__enter__)
    try:
        return take(session, evidence, link)
    finally:
        await asyncio.to_thread(opened.__exit__, None, None, None)


def take(session: Session, evidence: Evidence, link: str = "") -> Run:
    """The same, of evidence that was read already. What the run holds of the same execution is never lost by it."""
    if session.run.constraints.available_route != "free_colab":
        raise BadInput("The run's route is not the free notebook.", _OTHERS)
    if why := difference(session.run, evidence):
        raise BadInput(f"It was not taken in: {why}.", _OTHERS)
    address = _address(link)
    notebook = evidence.notebook.model_copy(update={"link": address} if address else {})
    notebook = notebook.model_copy(update=session.run.notebook.kept_by(notebook) if session.run.notebook else {})
    known = {event.job_id for event in session.events() if isinstance(event, Attempt)}
    _keep_logs(session.folder, evidence.contents)
    for name, job in evidence.contents.jobs.items():
        if name not in known:
            session.take_events(EVENT.validate_python(cleaned(event.model_dump(mode="json"))) for event in job)
    made = taken_over(session.run, evidence.run, evidence.contents, notebook)
    safe = Run.model_validate_json(json.dumps(cleaned(made.model_dump(mode="json"))))
    return session.keep(safe.model_copy(update={"rules": session.run.rules}))


def _address(link: str) -> str:
    """The notebook's address, without what a browser keeps in it: a query may hold a token, but for Colab's own.

    BadInput for what is none; it is not repeated, as it may hold a password.
    """
    said = clean_line(link.strip(), 500)
    if not said:
        return ""
    try:
        parts = urlsplit(said)
        sound = parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        sound = False
    if not sound:
        raise BadInput("The link is no address of a notebook.", "Paste it as the browser shows it: https://...")
    query = parts.query if parts.hostname == COLAB_HOST else ""
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def _keep_logs(folder: Path, contents: Contents) -> None:
    """The engine's logs, beside those of this machine."""
    for name in contents.logs:
        target = folder / "logs" / name
        target.parent.mkdir(exist_ok=True)
        if not target.exists():
            write_atomic(target, clean(contents.text(f"{LOGS}{name}"), MAX_LOG).encode())
