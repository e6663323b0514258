"""The plan and the cases that a notebook carries: the answers of a run as the files that `weighbridge run` takes."""

from __future__ import annotations

import re
from typing import Any

import tomli_w

from weighbridge.domain.flow import licence_override
from weighbridge.domain.model.choice import ModelChoice
from weighbridge.domain.problems import BadInput, Refused
from weighbridge.domain.run import Run
from weighbridge.domain.text import clean_line
from weighbridge.services.cases.pack_text import pack_toml

CASES = "cases.toml"
"""Name of the cases' file, beside the plan."""
_COMMIT = re.compile(r"[0-9a-f]{40}")


def plan_toml(run: Run) -> str:
    """The plan: constraints, the exact model, typed facts, settings, prompt and policy. Nothing of this machine.

    The decision is left out: it is made on what the notebook measures.
    """
    override = licence_override(run)
    card = dict(run.typed_facts.get(run.model_key, {}))
    policy = run.policy
    assert policy is not None
    tables: dict[str, dict[str, Any]] = {
        "constraints": run.constraints.model_dump(mode="json"),
        "model": {"use": model_spec(run)},
        "card": card | ({"accept_licence_risk": override.reason} if override else {}),
        "runtime": {**run.settings.model_dump(mode="json", exclude_defaults=True), "prompt": run.prompt},
        "eval": {"cases": CASES, "min_pass": policy.min_pass},
    }
    if policy.time_limit_s is not None:
        tables["eval"]["time_limit_s"] = policy.time_limit_s
    return tomli_w.dumps({name: table for name, table in tables.items() if table})


def cases_toml(run: Run) -> str:
    """The cases under their policy's digest. BadInput where one of them cannot be written as TOML."""
    assert run.pack is not None
    return pack_toml(run.pack)


def model_spec(run: Run) -> str:
    """MODEL as the notebook's machine takes it: bundled, or one file of a repository at one commit.

    BadInput where another machine cannot fetch the very same model.
    """
    model = run.model
    if model is None:
        raise BadInput("No model is chosen.", "Choose one in the step Model, or put `use` below [model].")
    if model.kind == "bundled":
        return "bundled"
    if model.kind not in ("hub", "named"):
        name = clean_line(model.file_name or model.name, 80)
        raise BadInput(
            f"{name} is no model that a notebook could fetch: it is on this machine, or behind a server.",
            "Take the bundled model, or one file of a repository: org/repo:file.gguf.",
        )
    return _pinned(model)


def _pinned(model: ModelChoice) -> str:
    name = clean_line(model.repo or model.name, 80)
    if not model.file_name:
        raise BadInput(f"{name} is a whole repository, and a notebook runs one file.", f"Name it: {name}:FILE.gguf.")
    if not _COMMIT.fullmatch(model.revision):
        raise BadInput(
            f"{name} is not pinned: the Hub could not be asked for its commit.",
            f"Choose it again with the Hub at hand, or name the commit: {name}@COMMIT:{model.file_name}.",
        )
    return f"{model.repo}@{model.revision}:{model.file_name}"


def require_free_runtime(run: Run) -> None:
    """BadInput for a plan of another route; Refused where the inputs may not go to a hosted machine."""
    if run.constraints.available_route != "free_colab":
        raise BadInput(
            f"The plan's route is {run.constraints.available_route}, and a notebook is for free_colab.",
            'Put available_route = "free_colab" below [constraints], or answer so in the step Constraints.',
        )
    if run.constraints.privacy == "private_docs":
        raise Refused(
            "The inputs may not leave your own machines, and a notebook carries prompt and cases to another one.",
            "Choose the route local_cpu, or answer the privacy question anew in the step Constraints.",
        )
    if run.decision.route != "free_colab":
        raise Refused(
            f"The route that follows from the constraints is {run.decision.route}.",
            "The step Route says why, and which answers lead to the notebook.",
        )
