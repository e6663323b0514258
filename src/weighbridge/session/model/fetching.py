"""The Hub for a session: search, a repository opened for choosing, the pinned file, its card, the download."""

from __future__ import annotations

import asyncio
import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from weighbridge.domain.flow import inputs_digest
from weighbridge.domain.model.choice import ModelChoice
from weighbridge.domain.model.files import HubView
from weighbridge.domain.model.hub import CardText, HubFile, Query, SearchRow
from weighbridge.domain.problems import BadInput, HubProblem, Refused
from weighbridge.domain.run import Run
from weighbridge.services.atomic import write_atomic
from weighbridge.services.hub import name as hub_name
from weighbridge.services.hub.hub import FetchedHeader, Hub
from weighbridge.services.model_file import is_hub_spec
from weighbridge.session.aside import aside
from weighbridge.session.deps import Deps, hub_of
from weighbridge.session.model import choosing, endpoint_choice, hub_choice, hub_files
from weighbridge.session.model.choosing import Chosen, Progress

if TYPE_CHECKING:
    from weighbridge.session.session import Session

CARD = "card.json"
"""The model card of the chosen model, as it stands in the repository, beside run.json."""


async def search(session: Session, query: Query) -> tuple[SearchRow, ...]:
    """Repositories that hold GGUF files. HubProblem."""
    return await aside(hub_of(session.deps).search, query)


async def look(session: Session, spec: str) -> HubView:
    """The model files of a repository. HubProblem or BadInput."""
    named = hub_name.named(spec)
    available = session.deps.machine(session.folder).available_bytes
    return await aside(
        hub_files.view, hub_of(session.deps), named.repo, named.revision, session.run.settings, available
    )


async def choose(
    session: Session, spec: str, progress: Progress | None, cancelled: threading.Event, whole: bool
) -> Chosen:
    """The model of a MODEL text with its facts and its card. BadInput, HubProblem, OutsideFailed or Cancelled."""
    if endpoint_choice.is_served_spec(spec):
        return await endpoint_choice.choose_served(session, spec, cancelled)
    if not is_hub_spec(spec):
        return await asyncio.to_thread(choosing.choose, spec, progress, cancelled.is_set)
    hub, run = hub_of(session.deps), session.run
    if run.planned:
        return await aside(hub_choice.choose_to_plan, hub, spec)
    available = session.deps.machine(session.folder).available_bytes
    return await aside(hub_choice.choose_to_run, hub, spec, run.settings, available, progress, cancelled.is_set, whole)


async def download(session: Session, progress: Progress | None, cancelled: threading.Event) -> Run:
    """The present run, with the place of the chosen file once it is here and its digest was checked."""
    model = session.run.model
    if model is None or model.kind != "hub" or not model.file_name:
        raise BadInput("There is no file of the Hub to download.", "Choose one in the step Model.")
    if model.path and os.path.exists(model.path):
        return session.run
    path, sha256 = await asyncio.to_thread(_fetch, hub_of(session.deps), model, progress, cancelled)
    present = session.run
    if present.model != model:
        return present
    return _arrived(present, model.model_copy(update={"path": str(path), "sha256": sha256}))


def part_bytes(session: Session) -> int:
    """How much of the chosen file an earlier download left."""
    model = session.run.model
    if model is None or not model.to_download:
        return 0
    with suppress(HubProblem):
        return hub_of(session.deps).part_bytes(model.repo, model.revision, _file_of(model))
    return 0


def _fetch(hub: Hub, model: ModelChoice, progress: Progress | None, cancelled: threading.Event) -> tuple[Path, str]:
    repo = hub.repository(model.repo, model.revision)
    done = hub.download(repo, _file_of(model), progress, cancelled.is_set)
    hub_files.require_same_header(hub, repo, model.file_name, done.path)
    return done.path, done.sha256


def _file_of(model: ModelChoice) -> HubFile:
    return HubFile(path=model.file_name, size_bytes=model.size_bytes, sha256=model.sha256)


def _arrived(run: Run, model: ModelChoice) -> Run:
    """The run with the file's place. A digest that the Hub did not state makes no step stale, and loses no typing."""
    current = [step for step, seen in run.confirmed.items() if seen == inputs_digest(run, step)]
    typed = run.typed_facts.get(run.model_key, {})
    run = run.model_copy(update={"model": model})
    if typed:
        run = run.model_copy(update={"typed_facts": {**run.typed_facts, run.model_key: typed}})
    again = {step: inputs_digest(run, step) for step in current}
    return run.model_copy(update={"confirmed": {**run.confirmed, **again}})


def header_of_hub(model: ModelChoice, deps: Deps) -> FetchedHeader:
    """The header of a file of the Hub, as it was kept when it was chosen. HubProblem where it must be fetched anew."""
    hub = hub_of(deps)
    return hub_files.header(hub, hub.repository(model.repo, model.revision), model.file_name)


def keep_card(folder: Path, card: CardText | None) -> None:
    """Puts the card into the run's folder, or takes an earlier one away. OutsideFailed."""
    if card is None:
        with suppress(OSError):
            (folder / CARD).unlink()
        return
    write_atomic(folder / CARD, card.model_dump_json().encode("utf-8"))


def card_text(session: Session) -> CardText | None:
    """The kept card of the chosen model; None for a model without one, or where the file is damaged."""
    model = session.run.model
    try:
        card = CardText.model_validate_json((session.folder / CARD).read_bytes())
    except (OSError, ValidationError):
        return None
    return card if model and (card.repo, card.revision) == (model.repo, model.revision) else None


def require_downloaded(run: Run) -> None:
    """Refused where the chosen file of the Hub is not on this machine yet."""
    if run.model is not None and run.model.to_download:
        raise Refused(f"{run.model.file_name} is not on this machine yet.", "Download it first: ctrl+d.")


def without_lost_file(run: Run) -> Run:
    """A downloaded file that was deleted since is to be downloaded again."""
    model = run.model
    if model is None or model.kind != "hub" or not model.path or os.path.exists(model.path):
        return run
    return run.model_copy(update={"model": model.model_copy(update={"path": ""})})
