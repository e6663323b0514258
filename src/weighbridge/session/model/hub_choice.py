"""Choosing a model of the Hub: the pinned repository, one of its files, its header and its card. Blocks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath

from weighbridge.domain.model.card import CardFacts, nothing_known
from weighbridge.domain.model.choice import ModelChoice
from weighbridge.domain.model.files import WeightsFile
from weighbridge.domain.model.gguf_types import GgufHeader
from weighbridge.domain.model.hub import CardText, HubRepo
from weighbridge.domain.problems import BadInput, HubProblem
from weighbridge.domain.proof.settings import RuntimeSettings
from weighbridge.domain.text import clean_line
from weighbridge.services.card.extract import base_model_of, card_facts
from weighbridge.services.hub import name as hub_name
from weighbridge.services.hub.hub import Downloaded, Hub
from weighbridge.services.model_file import inspect_file
from weighbridge.session.model import hub_files
from weighbridge.session.model.choosing import Chosen, Progress

_UNREACHABLE = ("offline", "unreachable", "timeout", "rate_limited", "nonsense")


def choose_to_run(
    hub: Hub,
    spec: str,
    settings: RuntimeSettings,
    available: int | None,
    progress: Progress | None,
    cancelled: Callable[[], bool],
    whole: bool,
) -> Chosen:
    """One file of a repository; without a file in `spec` the recommended one.

    Only the header is fetched, unless the whole file is wanted or a copy is here already. HubProblem, BadInput,
    OutsideFailed or Cancelled.
    """
    named = hub_name.named(spec)
    found = hub.repository(named.repo, named.revision)
    name = named.file_name or _recommended(hub, found, settings, available)
    file = hub_files.pick(found, name)
    here = hub.local_copy(found, file.parts[0], cancelled)
    if here is None and whole:
        here = hub.download(found, file.parts[0], progress, cancelled)
    if here is None:
        header = hub_files.header(hub, found, name).header
    else:
        header = inspect_file(here.path)[1]
        hub_files.forget_other_header(hub, found, name, here.path)
    card = hub.card(found)
    return Chosen(_choice(found, file, header, here), _facts(hub, found, card, header), card)


def choose_to_plan(hub: Hub, spec: str) -> Chosen:
    """A repository for a route that runs elsewhere. Where the Hub cannot be asked, the name alone has to do."""
    named = hub_name.named(spec)
    try:
        found = hub.repository(named.repo, named.revision)
        card = hub.card(found)
    except HubProblem as problem:
        if problem.kind not in _UNREACHABLE:
            raise
        return Chosen(named, nothing_known(f"{problem}; read the model card and type it"))
    file = hub_files.pick(found, named.file_name).parts[0] if named.file_name else None
    model = ModelChoice(
        kind="hub",
        name=clean_line(found.repo),
        repo=found.repo,
        revision=found.revision,
        file_name=named.file_name,
        size_bytes=file.size_bytes if file else None,
        sha256=file.sha256 if file else "",
        declared_sha256=file.sha256 if file else "",
        source=_source(found),
    )
    return Chosen(model, _facts(hub, found, card, None), card)


def _recommended(hub: Hub, found: HubRepo, settings: RuntimeSettings, available: int | None) -> str:
    view = hub_files.view(hub, found.repo, found.revision, settings, available)
    if not view.recommended:
        raise BadInput(f"{view.repo}: {view.reason}", f"name the file: {view.repo}:FILE.gguf")
    return view.recommended


def _choice(found: HubRepo, file: WeightsFile, header: GgufHeader, here: Downloaded | None) -> ModelChoice:
    return ModelChoice(
        kind="hub",
        name=clean_line(PurePosixPath(file.name).stem),
        repo=found.repo,
        revision=found.revision,
        file_name=file.name,
        size_bytes=header.file_size,
        sha256=here.sha256 if here else file.parts[0].sha256,
        declared_sha256=file.parts[0].sha256,
        path=str(here.path) if here else "",
        quantization=header.quantization,
        architecture=header.architecture,
        n_params=header.n_params,
        source=_source(found),
    )


def _source(found: HubRepo) -> str:
    asked = f"{found.asked} of " if found.asked and found.asked != found.revision else ""
    return f"{asked}{found.endpoint}, asked {found.fetched_at}"


def _facts(hub: Hub, found: HubRepo, card: CardText, header: GgufHeader | None) -> CardFacts:
    """What card and header declare; one hop to the base model's card for its licence, and where ours is silent."""
    name = base_model_of(found, card)
    if not name:
        return card_facts(found, card, header)
    try:
        base = hub.repository(name)
        base_card = hub.card(base)
    except HubProblem as problem:
        return card_facts(found, card, header, base_gap=f"{name}: {problem}")
    return card_facts(found, card, header, (base, base_card))
