"""Fills model.json: which weights, and every time their digest was declared or measured."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from weighbridge.domain.model.choice import ChoiceKind, ModelChoice
from weighbridge.services.packet_io.evidence import Evidence
from weighbridge.services.packet_io.records.files import with_gaps
from weighbridge.services.packet_io.records.model import CardNote, DigestNote, ModelFile

DECLARED: dict[ChoiceKind, str] = {
    "hub": "declared by the Hub for the file at this revision",
    "ollama": "declared by the Ollama service for its model; its files were not hashed here",
}
BEFORE_PROOF = "checked before the proof: the file was hashed, or had the size and time of change of its last hashing"
_MEASURED: dict[ChoiceKind, str] = {
    "bundled": "measured when the model was chosen",
    "file": "measured when the model was chosen",
    "hub": "measured on this machine before the file was taken for the model",
    "named": "",
    "endpoint": "",
    "ollama": "",
    "transformers": "measured when the folder was chosen: of the list of its files' digests",
}
_UNKNOWN: dict[ChoiceKind, str] = {
    "bundled": "the file does not say",
    "file": "the file does not say",
    "hub": "the Hub does not say, or no file of the repository was fetched",
    "named": "a repository was named; nothing of it was fetched",
    "endpoint": "the server answers for the model; its files were not seen",
    "ollama": "the Ollama service answers for the model; its files were not seen",
    "transformers": "the files of the folder do not say",
}
_KNOWN = tuple(name for name in ModelChoice.model_fields if name not in ("path", "kind", "name", "source"))
"""What of a model may be unknown."""
_OF_A_SERVER = ("address", "served_name")
_NO_SERVER = "no server was chosen in place of a file"
_STARTED_HERE = "the server is started on this machine, and stopped"
_NOT_OF_THE_HUB = "only the Hub declares a digest, and the model was not chosen there"


def model_file(e: Evidence, model: ModelChoice, card: CardNote) -> ModelFile:
    """The model without the place where its file lies."""
    filled = _filled(model.kind, model.model_dump())
    source = model.source or "not recorded"
    digests = tuple(_digests(e, model))
    return ModelFile(kind=model.kind, name=model.name, source=source, digests=digests, card=card, **filled)


def reasons(kind: ChoiceKind, values: dict[str, Any]) -> dict[str, str]:
    """Why fields of a model of this kind are not known, by field."""
    why: dict[str, str] = _filled(kind, values)["missing"]
    return why


def _filled(kind: ChoiceKind, values: dict[str, Any]) -> dict[str, Any]:
    own = {} if kind == "hub" else {"declared_sha256": _NOT_OF_THE_HUB}
    own |= dict.fromkeys(_OF_A_SERVER, _STARTED_HERE if kind == "transformers" else _NO_SERVER)
    return with_gaps({name: values[name] for name in _KNOWN}, own, _UNKNOWN[kind])


def _digests(e: Evidence, model: ModelChoice) -> Iterator[DigestNote]:
    if model.declared_sha256:
        yield DigestNote(sha256=model.declared_sha256, how=DECLARED.get(model.kind, ""))
    if model.path and model.sha256:
        yield DigestNote(sha256=model.sha256, how=_MEASURED[model.kind])
    if e.proof_is_current and e.proof_attempt and e.proof_attempt.target is None:
        yield DigestNote(sha256=e.proof_attempt.model_sha256, how=BEFORE_PROOF)
