"""By what a server's model can be told from another of the same name: nobody here sees its weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from pydantic import Field

from weighbridge.domain.base import Record
from weighbridge.domain.serving.target import Target

TEMPLATES = ("chat template, SHA-256", "template sha256")
"""Names of the fact that is the digest of a chat template."""
PARAMETERS = "parameters"
MAX_MODEL_LEN = "max_model_len"
UNSEEN = "the weights of a server were not seen"
_TELLING = (
    PARAMETERS, "weights, bytes", "trained context, tokens", "quantization", "model file", "root", "parent", "digest",
    "format", "arch", "context trained", "parameters of the Modelfile", *TEMPLATES,
)  # fmt: skip
"""Facts that a model has whatever machine serves it."""
_OF_THE_PLACE = (MAX_MODEL_LEN, "model file", "root", "parent", "parameters of the Modelfile")
"""Settings of the server, and facts that name folders: no packet holds them as they were told."""


class ServedModel(Record):
    """A model that a server answered for, by what can be told of it: nobody here saw its weights.

    A given server's is told by the server's address and its name there. A rented machine has another address each time:
    its model is told by the repository and the commit that it was started with. What the server told stands beside.
    """

    address: str = Field(description="of the server; empty for one that was rented")
    name: str = Field(description="as the server knows it; of a rented one the repository")
    revision: str = Field(default="", description="commit of a rented one's repository")
    facts: dict[str, str] = Field(default_factory=dict, description="what the server told of it")

    def other_than(self, one: ServedModel) -> str:
        """Why the two may not count as one model; empty where address, name and all that both told are equal."""
        if (self.address, self.name, self.revision) != (one.address, one.name, one.revision):
            return "another server or another name"
        told = apart(one.facts, self.facts)
        return f"the server told of another model: {', '.join(told)}" if told else ""


class Tells(Protocol):
    """What a server tells when it is connected to."""

    @property
    def facts(self) -> dict[str, str]: ...

    @property
    def max_model_len(self) -> int | None: ...


def model_facts(told: Tells | None) -> dict[str, str]:
    """What it told of its model, name to text; empty for a server that told nothing, and for None."""
    if told is None:
        return {}
    facts = {name: told.facts[name] for name in _TELLING if told.facts.get(name)}
    return facts | ({MAX_MODEL_LEN: str(told.max_model_len)} if told.max_model_len else {})


def served_model(target: Target | None, revision: str = "") -> ServedModel | None:
    """The model behind a server that was asked nothing yet; None where a child answers, or a server that was started
    here with files that were hashed. `revision`: that a rented machine was ordered with.
    """
    if target is None or target.origin == "started":
        return None
    if target.origin == "rented":
        return ServedModel(address="", name=target.model, revision=revision)
    return ServedModel(address=target.base_url, name=target.model)


def own_facts(told: Tells | None) -> dict[str, str]:
    """Of what a server told of its model, what stays the same wherever its files lie and whatever length it serves."""
    return {name: text for name, text in model_facts(told).items() if name not in _OF_THE_PLACE}


def template_digest(told: Tells | None) -> str | None:
    """SHA-256 of the chat template; None where the server does not tell it."""
    facts = told.facts if told else {}
    return next((facts[name] for name in TEMPLATES if facts.get(name)), None)


def parameters(told: Tells | None) -> int | None:
    """Number of parameters; None where the server does not tell it."""
    said = told.facts.get(PARAMETERS, "") if told else ""
    return int(said) if said.isascii() and said.isdigit() else None


def apart(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """What both servers told, and told differently: `parameters 134 before, 999 now`. What one alone tells is none."""
    return [
        f"{name} {text} before, {now[name]} now" for name, text in before.items() if name in now and now[name] != text
    ]
