"""Runs the notebook of a session's run by Google's `colab` command, takes in what came of it, and stops the runtime."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from weighbridge.domain.problems import BadInput, OutsideFailed
from weighbridge.domain.run import Run
from weighbridge.domain.text import clean_line
from weighbridge.services import colab
from weighbridge.services.atomic import disk_problem
from weighbridge.services.colab import ColabRuntime
from weighbridge.session.notebook.importing import import_evidence
from weighbridge.session.notebook.writing import known_gpu, notebook_of
from weighbridge.session.session import Session

MOST_MINUTES = 12 * 60
"""A free runtime lives no longer."""
ARCHIVE = "content/weighbridge-proof/weighbridge-packet.zip"
Tell = Callable[[str], None]


def minutes(text: str) -> float:
    """The time limit in seconds. BadInput where it is none."""
    try:
        limit = float(text)
    except ValueError:
        limit = 0.0
    if not 0 < limit <= MOST_MINUTES:
        raise BadInput(f"{clean_line(text, 40)!r} is no time limit.", f"Give minutes, at most {MOST_MINUTES}.")
    return limit * 60


def require_command() -> str:
    """The path of Google's command. OutsideFailed where there is none."""
    path = colab.command()
    if path is None:
        raise OutsideFailed(
            "There is no `colab` command on PATH.",
            "`uv tool install google-colab-cli` brings it (Linux, macOS). Or run the notebook by hand.",
        )
    return path


async def run_in_colab(
    session: Session, notebook: Path, gpu: str, limit_s: float, tell: Tell, package: str | None = None
) -> Run:
    """Starts a runtime, runs the notebook in it, stops the runtime, and takes the evidence into the run.

    The notebook as it ran is left beside `notebook` as NAME_output.ipynb, with the command's log. OutsideFailed where
    no `colab` is on PATH, where no runtime or notebook came, and where the stop is not proven. BadInput where the
    notebook did not run through.
    """
    text = notebook_of(session.run, gpu, give_back=False, package=package)
    path = require_command()
    runtime = ColabRuntime(path, f"weighbridge-{secrets.token_hex(3)}")
    tell(f"asking Colab for the runtime {runtime.name}")
    proof = ""
    try:
        async with asyncio.timeout(limit_s):
            await runtime.start(known_gpu(gpu))
        link = await runtime.url()
        ran = await _executed(runtime, text, notebook, limit_s, tell)
    except TimeoutError:
        raise OutsideFailed("Colab gave no runtime within the time limit.", "Try later, or without --gpu.") from None
    finally:
        proof = await _stopped(runtime, tell)
    run = await import_evidence(session, ran, link)
    assert run.notebook is not None
    return session.keep(run.model_copy(update={"notebook": run.notebook.model_copy(update={"stop": proof})}))


async def _executed(runtime: ColabRuntime, text: str, notebook: Path, limit_s: float, tell: Tell) -> Path:
    """The notebook as it ran, beside the one that was written. It runs from a fresh folder: nothing there is older."""
    try:
        return await _ran(runtime, text, notebook.absolute(), limit_s, tell)
    except OSError as error:
        raise disk_problem(notebook.absolute().parent, error, "Free some space, or name another file.") from error


async def _ran(runtime: ColabRuntime, text: str, beside: Path, limit_s: float, tell: Tell) -> Path:
    with tempfile.TemporaryDirectory(prefix="weighbridge-colab-") as scratch:
        copy = Path(scratch) / beside.name
        copy.write_text(text, encoding="utf-8")
        try:
            ran = await runtime.execute(copy, limit_s, tell)
        finally:
            await runtime.log(beside.with_name(f"{beside.stem}_log.jsonl"))
        await runtime.download(ARCHIVE, beside.with_name(f"{beside.stem}_packet.zip"))
        if used := await runtime.usage():
            tell(used)
        return Path(shutil.copy(ran, beside.with_name(ran.name)))


async def _stopped(runtime: ColabRuntime, tell: Tell) -> str:
    """Stops the runtime. What shows it, or a loud sentence where nothing does."""
    tell(f"stopping the runtime {runtime.name}")
    try:
        proof = await runtime.stop()
    except BaseException:
        tell(_left(runtime, runtime.endpoint or "it was not listed"))
        raise
    if proof:
        tell(f"stopped: {proof}")
    elif left := runtime.endpoint or ", ".join(sorted(runtime.unnamed)):
        tell(_left(runtime, left))
    return proof


def _left(runtime: ColabRuntime, which: str) -> str:
    return (
        f"NOT PROVEN to be stopped: {runtime.name} ({which}). `colab stop -s {runtime.name}` and"
        " `colab sessions` by hand, or Runtime > Manage sessions in the browser."
    )
