"""By what a server's model can be told from another of the same name: nobody here sees its weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

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
