"""Writes the notebook of a run: the same bytes for the same plan, valid by nbformat 4.5, with cell ids that stay."""

from __future__ import annotations

import base64
import bz2
import hashlib
import json
import textwrap
from collections.abc import Callable
from importlib.resources import files
from typing import Any

from weighbridge import __version__
from weighbridge.domain.run import Run
from weighbridge.domain.text import clean_line
from weighbridge.services.notebook.plan_file import cases_toml, model_spec, plan_toml
from weighbridge.services.notebook.wheel import own_wheel

CELLS = ("facts", "plan", "program", "install", "model", "run", "packet", "end")
"""Code cells after the parameters, in order: ids, and names of their texts in data/notebook/."""
MARK = "weighbridge"
"""Key of the notebook's metadata that holds the version and the digests of its cells."""
GPUS = ("T4", "L4", "G4", "H100", "A100")
"""Accelerators that Colab knows by name."""
INCLUDED = "included"
"""PACKAGE of a notebook that brings its own program."""


def notebook_json(run: Run, gpu: str = "", give_back: bool = True, package: str | None = None) -> str:
    """The notebook as JSON text. `gpu`: accelerator that Colab is to open it with; empty: none.

    `give_back` false: whoever drives it stops the runtime. `package`: what pip installs; None: the wheel of this very
    program, which the notebook then carries; empty: nothing. BadInput where the plan cannot be taken elsewhere.
    """
    import nbformat
    from nbformat import v4

    about, parameters = _about(run, package, gpu), _parameters(run, give_back, package)
    cells = [_cell("about", about, "markdown"), _cell("parameters", parameters, "code")]
    cells[1]["metadata"]["tags"] = ["parameters"]
    made = {"plan": _plan, "program": _program}
    names = [name for name in CELLS if name != "program" or package is None]
    cells += [_cell(name, made[name](run) if name in made else _text(f"{name}.cell"), "code") for name in names]
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
    folded = {"cellView": "form"} if name == "program" else {}
    return made(source, id=name, metadata={"id": name, **folded})


def _about(run: Run, package: str | None, gpu: str) -> str:
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
        program=_installed(package),
        accelerator=_accelerator(run, gpu),
    )


def _installed(package: str | None) -> str:
    """Where the program comes from, as a sentence."""
    if package is None:
        wheel = own_wheel()
        return (
            f"The program is installed from the wheel in this notebook ({len(wheel.data):,} bytes, SHA-256 "
            f"`{wheel.sha256}`, checked before), and what it needs from the package index, pinned."
        )
    return f"The program is installed from {_plain(package)}." if package else "The program is here already."


def _accelerator(run: Run, gpu: str) -> str:
    """What an accelerator is good for in this plan, as a sentence."""
    if run.settings.n_gpu_layers:
        return "The plan puts layers on a GPU: the engine has to be built for it (a wheel in ENGINE, or CMAKE_ARGS)."
    asked = f"Colab opens it with {gpu}, and the" if gpu else "The"
    return f"{asked} plan runs on the CPU: its `n_gpu_layers` is 0, so that an accelerator is seen and not used."


def _plain(text: str) -> str:
    """Text from outside inside Markdown: one line, without a character that would mean something there."""
    return "".join(f"\\{char}" if char in "\\`*_[]<>|#!~$" else char for char in clean_line(text, 300))


def _parameters(run: Run, give_back: bool, package: str | None) -> str:
    """The one cell that people and papermill may change."""
    version = "" if package == "" else run.machine.versions.get("llama-cpp-python", "")
    return _text("parameters.cell").format(
        package=json.dumps(INCLUDED if package is None else package),
        engine=json.dumps(f"llama-cpp-python=={version}" if version else ""),
        give_back=give_back,
    )


def _program(run: Run) -> str:
    """The wheel as text, with its digest: a service keeps cells and nothing beside them."""
    wheel, bundled = own_wheel(), run.model is not None and run.model.kind == "bundled"
    return _text("program.cell").format(
        name=json.dumps(wheel.name),
        sha256=json.dumps(wheel.sha256),
        pins=json.dumps(wheel.pins, indent=4),
        extra=json.dumps("[bundled]" if bundled else ""),
        text=textwrap.fill(base64.b64encode(bz2.compress(wheel.data)).decode(), 120),
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
