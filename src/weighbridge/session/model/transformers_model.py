"""Choosing `transformers:FOLDER` or `transformers:org/repo@revision`: files on this machine, or a pinned repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weighbridge.domain.model.card import CardFacts
from weighbridge.domain.model.choice import ModelChoice
from weighbridge.domain.model.hub import CardText, HubRepo
from weighbridge.domain.problems import BadInput, Refused
from weighbridge.domain.text import clean_line
from weighbridge.services.card.extract import card_facts
from weighbridge.services.endpoint.transformers import choice as transformers_choice
from weighbridge.services.endpoint.transformers.folder import card_of
from weighbridge.services.endpoint.transformers.serve import executable
from weighbridge.services.hub import name as hub_name
from weighbridge.services.hub.hub import Hub
from weighbridge.session.aside import aside
from weighbridge.session.deps import hub_of
from weighbridge.session.model import hub_choice
from weighbridge.session.model.choosing import Chosen

if TYPE_CHECKING:
    from weighbridge.session.session import Session


async def describe(session: Session, spec: str) -> Chosen:
    """The model with what its files or its card declare. BadInput, HubProblem, OutsideFailed or Cancelled."""
    text = transformers_choice.target_of(spec)
    folder = transformers_choice.folder_of(text)
    if folder is not None:
        model, config = await transformers_choice.describe(folder)
        card = await aside(card_of, folder)
        return Chosen(model, _facts(card, config), card) if card.text else Chosen(model, config)
    if not hub_name.is_hub_name(text):
        raise BadInput(
            f"There is no folder {clean_line(text, 200)}.",
            "write transformers:FOLDER or transformers:org/repo@revision",
        )
    named = hub_name.named(text)
    if named.file_name:
        raise BadInput(
            "transformers serve loads a whole repository, not one file of it.", f"write transformers:{named.repo}"
        )
    executable()
    hub = hub_of(session.deps)
    chosen = await aside(hub_choice.choose_to_plan, hub, text)
    model = chosen.model
    if model.revision:
        await aside(_require_open, hub, model)
    served = f"{model.repo}@{model.revision or 'main'}"
    return chosen._replace(model=model.model_copy(update={"kind": "transformers", "served_name": served}))


def _require_open(hub: Hub, model: ModelChoice) -> None:
    """Refused where fetching the repository takes a token: the started server gets none."""
    found = hub.repository(model.repo, model.revision)
    if found.gate or found.private:
        folder = model.repo.rpartition("/")[2]
        raise Refused(
            f"{model.repo} is {'gated' if found.gate else 'private'}, and `transformers serve` gets no Hub token here.",
            f"Fetch it yourself: `hf download {model.repo} --revision {model.revision} --local-dir {folder}`; "
            f"then choose transformers:{folder}",
        )


def _facts(card: CardText, config: CardFacts) -> CardFacts:
    """What the folder's model card states, and where it is silent, its config."""
    stated = card_facts(HubRepo(repo="", revision="", fetched_at="", endpoint=""), card)
    silent = {name for name in CardFacts.model_fields if getattr(stated, name).status == "missing"}
    told = {name: getattr(config, name) for name in silent if getattr(config, name).status != "missing"}
    return stated.model_copy(update=told)
