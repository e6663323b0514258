"""What version 1 of the run folder took as the inputs of each step: kept as it was, on plain data.

A run remembers the digest of the inputs of its evidence. When a migration rewords those inputs, the digests have to
follow wherever they agreed before, or everything would look stale; this module says where they did.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from weighbridge.domain.base import digest
from weighbridge.domain.facts import typed
from weighbridge.domain.standing import Standing
from weighbridge.domain.steps import ORDER, StepId

Data = dict[str, Any]


class Agreed(NamedTuple):
    """Where the digests in a `run.json` of version 1 agreed with the inputs beside them.

    `packs`: the places (`pack`, `evaluation`) whose policy spoke of the very cases beside it.
    """

    standing: Standing
    packs: frozenset[str]


def agreed(data: Data) -> Agreed:
    """Reads the plain data of a run of version 1. KeyError or TypeError where that is not what it is."""
    now = {step: digest(value) for step, value in _inputs(data).items()}
    kept: dict[StepId, Any] = {
        "proof": data.get("proof"),
        "eval": data.get("evaluation"),
        "packet": data.get("packet"),
    }
    places = {"pack": (data.get("pack"), data.get("policy"))}
    if data.get("evaluation"):
        places["evaluation"] = (data["evaluation"]["pack"], data["evaluation"]["policy"])
    return Agreed(
        standing=Standing(
            evidence=frozenset(step for step, record in kept.items() if record and record["inputs"] == now[step]),
            confirmed=frozenset(s for s in ORDER if data.get("confirmed", {}).get(s) == now[s]),
        ),
        packs=frozenset(
            place
            for place, (pack, policy) in places.items()
            if pack and policy and policy["cases_digest"] == _cases_digest(pack)
        ),
    )


def _cases_digest(pack: Data | None) -> str:
    return digest([case for case in pack["case"] if not case.get("disabled")]) if pack else ""


def _inputs(data: Data) -> dict[StepId, Any]:
    constraints, decision, settings = data["constraints"], data["decision"], data["settings"]
    planned, identity = constraints["available_route"] != "local_cpu", _identity(data)
    inputs: dict[StepId, Any] = {
        "constraints": constraints,
        "route": [
            decision["route"],
            decision["family"]["id"],
            [[family["id"], family["code"]] for family in decision["rejected"]],
            decision["adaptation"],
        ],
        "model": [planned, identity],
        "card": [identity, _card(data), data.get("licence"), constraints.get("commercial_use", False)],
        "runtime": [identity, settings, data["prompt"], data["plan"] if planned else None],
        "proof": [planned, identity, settings, data["prompt"]],
        "eval": [planned, identity, settings, _cases_digest(data.get("pack")), data.get("policy")],
    }
    inputs["decision"] = _decision(data, planned, inputs)
    earlier = [digest(inputs[step]) for step in ORDER[:-1]]
    proof = data.get("proof") or {"job_id": ""}
    inputs["packet"] = [earlier, proof["job_id"], data["plan"], data["overrides"]]
    return inputs


def _identity(data: Data) -> list[Any] | None:
    model = data.get("model")
    return model and [model[name] for name in ("kind", "repo", "revision", "file_name", "sha256")]


def _card(data: Data) -> Data | None:
    """The declared card with what the person typed over it."""
    declared, model = data.get("declared"), data.get("model")
    if not declared:
        return None
    key = (model["sha256"] or f"{model['repo']}@{model['revision']}") if model else ""
    own = data.get("typed_facts", {}).get(key, {})
    return {**declared, **{field: typed(text).model_dump(mode="json") for field, text in own.items()}}


def _decision(data: Data, planned: bool, inputs: dict[StepId, Any]) -> list[Any]:
    evaluation, proof, constraints = data.get("evaluation"), data.get("proof"), data["constraints"]
    gate, failure = None, ""
    if evaluation and evaluation["inputs"] == digest(inputs["eval"]):
        gate = evaluation["gate"]
    if proof and not planned and proof["outcome"] == "failed" and proof["inputs"] == digest(inputs["proof"]):
        failure = proof["message"]
    return [
        planned,
        evaluation["results"] if evaluation else [],
        [gate, failure],
        [constraints["privacy"], constraints["needs_fine_tuning"]],
        data.get("choice"),
        data.get("reason", ""),
    ]
