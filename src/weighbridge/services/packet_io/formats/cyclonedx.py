"""The model as a CycloneDX 1.6 ML-BOM: weights with their SHA-256, model card, licence, and the runtime.

A plain dictionary: the format's Python library has no class for model cards, and drops them where it reads a file.
Values of performance metrics are texts by the format's schema.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from weighbridge.domain.facts import Fact
from weighbridge.domain.proof.noise import Noise
from weighbridge.services.packet_io.contents import Contents
from weighbridge.services.packet_io.json_text import json_text
from weighbridge.services.packet_io.records.elsewhere import ServerFile
from weighbridge.services.packet_io.records.files import DecisionFile, RuntimeFile
from weighbridge.services.packet_io.records.model import LicenceFile, ModelFile

PATH = "data/model/mlbom.cdx.json"
MODEL, RUNTIME = "model", "runtime"
"""Names of the components within the file."""
_NOT_LISTED = "LicenseRef-"
"""How identifiers begin that are not in the list of SPDX."""


def mlbom(c: Contents) -> str:
    """The bill's text. Needs decision.json and model.json."""
    d, model = c.decision, c.model
    assert d is not None
    assert model is not None
    runtime = _runtime(c.runtime) if c.runtime and c.runtime.name else None
    made = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": d.packet,
        "version": 1,
        "metadata": {"timestamp": d.written_at, "tools": {"components": [_tool(d.software)]}},
        "components": [_component(c, d, model), *([runtime] if runtime else [])],
        "dependencies": [{"ref": MODEL}, *([{"ref": RUNTIME}] if runtime else [])],
    }
    return json_text(made, 1) + "\n"


def _tool(software: str) -> dict[str, Any]:
    name, _, version = software.partition(" ")
    return {"type": "application", "name": name, "version": version}


def _runtime(runtime: RuntimeFile) -> dict[str, Any]:
    known = {"version": runtime.version} if runtime.version else {}
    return {"type": "library", "bom-ref": RUNTIME, "name": runtime.name, **known}


def _component(c: Contents, d: DecisionFile, model: ModelFile) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "machine-learning-model", "bom-ref": MODEL, "name": model.name}
    if model.revision:
        made["version"] = model.revision
    if model.sha256 and c.server is None:
        made["hashes"] = [{"alg": "SHA-256", "content": model.sha256}]
    if c.licence and (licence := _licence(c.licence)):
        made["licenses"] = [{"license": licence}]
    if model.kind == "hub" and model.repo and model.revision:
        made["purl"] = f"pkg:huggingface/{model.repo}@{model.revision}"
    made["modelCard"] = {
        "modelParameters": _parameters(model),
        "quantitativeAnalysis": {"performanceMetrics": list(_metrics(c, d))},
        "considerations": _considerations(c, d),
    }
    made["properties"] = [
        {"name": f"weighbridge:{name}", "value": str(value)}
        for name in ("kind", "file_name", "size_bytes", "quantization", "n_params", "address", "served_name")
        if (value := getattr(model, name)) is not None
    ]
    if c.server is not None:
        made["properties"] += [{"name": f"weighbridge:{name}", "value": value} for name, value in _server(c.server)]
    return made


def _server(server: ServerFile) -> Iterator[tuple[str, str]]:
    """Which server answered. Nobody has seen the weights that it read: there is no digest of them."""
    yield "server", server.target.base_url or "started on this machine"
    yield "server_model", server.target.model
    if server.connected is not None and server.connected.engine:
        yield "server_engine", f"{server.connected.engine} {server.connected.version}".strip()
    if server.hardware is not None:
        yield "hardware", server.hardware
    yield "weights", "a folder of this machine" if server.target.origin == "started" else "not seen: no digest"


def _licence(licence: LicenceFile) -> dict[str, str]:
    """By SPDX's identifier where our table has it, else by name. Nothing where sources disagree on it."""
    note = licence.note
    link = {"url": note.link} if note.link else {}
    spdx = next((row.spdx for group in licence.rows for row in group.licence if note.id and row.id == note.id), "")
    if spdx and not spdx.startswith(_NOT_LISTED):
        return {"id": spdx, **link}
    name = note.name or note.id
    return {"name": name, **link} if name else {}


def _parameters(model: ModelFile) -> dict[str, Any]:
    family = {"architectureFamily": model.architecture} if model.architecture else {}
    text = [{"format": "text"}]
    return {"task": "text-generation", **family, "inputs": text, "outputs": text}


def _metrics(c: Contents, d: DecisionFile) -> Iterator[dict[str, Any]]:
    """What was measured of this model, and nothing that an earlier one with other settings gave."""
    note, proof = d.evaluation, c.runtime.proof if c.runtime else None
    if note and note.gate and note.current:
        gate = note.gate
        yield {
            "type": "pass rate",
            "value": f"{gate.passed / gate.total:.4f}",
            "slice": f"{gate.total} fixed cases of {c.policy.policy.pack if c.policy else 'a pack'}, {gate.gate}"
            f"{_busy(note.noise)}",
            "confidenceInterval": {"lowerBound": str(gate.interval.low), "upperBound": str(gate.interval.high)},
        }
    if proof and proof.current:
        for name in ("ttft_s", "prefill_tokens_per_s", "decode_tokens_per_s", "peak_rss_bytes"):
            if (value := getattr(proof.figures, name)) is not None:
                yield {"type": name, "value": repr(value), "slice": f"first run{_busy(proof.figures.noise)}"}


def _busy(noise: Noise | None) -> str:
    """No figure of a busy machine stands without that word."""
    return ", contended" if noise is not None and noise.mark == "contended" else ""


def _considerations(c: Contents, d: DecisionFile) -> dict[str, Any]:
    """The intended task, and what the card says of limits; each only where somebody has said it."""
    card = c.card
    if card is None:
        return {"useCases": [d.constraints.task]}
    return {
        "useCases": [d.constraints.task, *_said(card.intended_use)],
        "technicalLimitations": [*_said(card.safety), *_said(card.context_length, "context length: ")],
        "ethicalConsiderations": [{"name": text} for text in _said(card.out_of_scope_use, "out of scope: ")],
    }


def _said(fact: Fact, before: str = "") -> list[str]:
    return [f"{before}{fact.text} ({fact.status})"] if fact.status in ("declared", "derived", "typed") else []
