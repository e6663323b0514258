"""The weighed run of these tests with a model of the Hub in place of the bundled one: its card, facts and licence."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from weighbridge.domain.flow import inputs_digest, licence_refusal
from weighbridge.domain.model.hub import CardText, HubRepo
from weighbridge.domain.model.licences import classify
from weighbridge.domain.run import Override, Run
from weighbridge.services.card.extract import card_facts
from weighbridge.services.model_file import inspect_file
from weighbridge.services.packet_io.evidence import PacketSource
from weighbridge.services.tables import load_licences

REPO, REVISION = "acme/SmolLM2-135M-GGUF", "0123456789abcdef0123456789abcdef01234567"
ASKED = "2026-01-02T03:00:00Z"
CARD = """\ufeff---
license: cc-by-nc-4.0
language:
- en
base_model: HuggingFaceTB/SmolLM2-135M-Instruct
---

# A tiny model

Write to <anna@example.org>. \x1b[31mRed\x1b[0m, and \u202e turned.\r
Log in: `hf auth login --token hf_AbCdEfGhIjKlMnOpQrSt`, cache in /root/.cache.

## Intended use

<!-- for the reviewers -->
It **answers** short questions of [students](https://example.org/x), with the token hf_xxxxxxxxxxxxxxxxxxxx
and the folder `/root/.cache/models`, never *alone*.

## Out-of-Scope Use

- Not for medical | legal advice.
- Not for <b>anything</b> that harms.

## Limitations

Its context length is 8192 tokens. It is often wrong.
"""
"""With what a foreign text may hold: an e-mail address, token look-alikes, a folder, escapes, marks, CR."""


def card_of(text: str = CARD) -> CardText:
    data = text.encode("utf-8")
    sha256 = hashlib.sha256(data).hexdigest()
    return CardText(
        repo=REPO, revision=REVISION, text=text, sha256=sha256, size_bytes=len(data), fetched_at=ASKED
    )  # fmt: skip


def hub_source(source: PacketSource, text: str = CARD) -> PacketSource:
    """The file's header says apache-2.0 and the card cc-by-nc-4.0, so that the licence is in conflict."""
    model, card = source.run.model, card_of(text)
    assert model is not None
    header = inspect_file(Path(model.path))[1]
    repo = HubRepo(repo=REPO, revision=REVISION, fetched_at=ASKED, endpoint="https://huggingface.co")
    facts = card_facts(repo, card, header)
    of_the_hub = {
        "kind": "hub",
        "repo": REPO,
        "revision": REVISION,
        "declared_sha256": model.sha256,
        "source": f"main of {repo.endpoint}, asked {ASKED}",
    }
    chosen = model.model_copy(update=of_the_hub)
    run = source.run.model_copy(update={"model": chosen, "declared": facts})
    return replace(source, run=current(run), card=card)


def current(run: Run) -> Run:
    """The run with its licence note, and with all evidence made for just these answers."""
    proof, evaluation = run.proof, run.evaluation
    assert run.card is not None
    assert proof is not None
    assert evaluation is not None
    run = run.model_copy(update={"licence": classify(run.card.licence, load_licences())})
    proof = proof.model_copy(update={"inputs": inputs_digest(run, "proof")})
    evaluation = evaluation.model_copy(update={"inputs": inputs_digest(run, "eval")})
    run = run.model_copy(update={"proof": proof, "evaluation": evaluation})
    return run.model_copy(update={"confirmed": {**run.confirmed, "decision": inputs_digest(run, "decision")}})


def commercial(source: PacketSource, reason: str = "") -> PacketSource:
    """The same, with commercial use stated, and the refusal overruled where there is a reason."""
    constraints = source.run.constraints.model_copy(update={"commercial_use": True})
    run = source.run.model_copy(update={"constraints": constraints})
    if reason:
        override = Override(what="licence", refusal=licence_refusal(run), reason=reason, at=ASKED)
        run = run.model_copy(update={"overrides": (override,)})
    return replace(source, run=current(run))


def typed_over(source: PacketSource, field: str, text: str) -> PacketSource:
    """The same, with the person's own words on one field."""
    run = source.run.model_copy(update={"typed_facts": {source.run.model_key: {field: text}}})
    return replace(source, run=current(run))
