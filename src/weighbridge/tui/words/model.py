"""Step 3 in words: the four kinds of model, and what is known of the chosen one."""

from __future__ import annotations

from collections.abc import Iterator

from weighbridge.domain.model.choice import ModelChoice
from weighbridge.domain.run import Run
from weighbridge.tui.widgets.figures import UNKNOWN, mib, number
from weighbridge.tui.widgets.sheet import Row

KINDS = ("bundled", "file", "hub", "server")
LABELS = ("Bundled", "A .gguf file", "The Hub", "A server")
MISSING = {
    "file": "Say which file: its path is missing.",
    "hub": "Say which model: words to search for, or a repository, are missing.",
    "server": "Say which server: its address, as http://host/v1, or ollama:NAME, is missing.",
}
"""What is said of an empty line."""
PLACEHOLDERS = {
    "file": "path of a .gguf file, then Enter",
    "hub": "words, or org/repository, then Enter",
    "server": "http://host/v1#name or ollama:NAME",
}


def kind_of(model: ModelChoice | None) -> str:
    """Which of the four kinds a model is; one that is only named was meant for the Hub."""
    if model is None:
        return "bundled"
    return "server" if model.served else "hub" if model.kind == "named" else model.kind


def typed_as(model: ModelChoice) -> str:
    """What is typed to choose this model again; empty for the bundled one."""
    match model.kind:
        case "endpoint":
            return f"{model.address}#{model.served_name}" if model.served_name else model.address
        case "ollama":
            return f"ollama:{model.served_name}"
        case "transformers":
            return f"transformers:{model.path or model.repo}"
        case _:
            return model.path if model.kind == "file" else model.repo


def model_rows(model: ModelChoice) -> Iterator[Row]:
    """What is known of the model; a dash is not known."""
    yield Row("Name", model.name, "head")
    if model.served:
        yield from _served_rows(model)
        return
    yield Row("Repository", model.repo or UNKNOWN)
    yield Row("Revision", model.revision or UNKNOWN)
    if model.kind == "named":
        yield Row("File", "nothing was fetched or checked: this is a name in a plan", "muted")
    elif model.file_name:
        size = f"{mib(model.size_bytes)}, {number(model.size_bytes)} bytes" if model.size_bytes else UNKNOWN
        yield Row("File", model.file_name)
        yield Row("Size", size)
        yield Row("SHA-256", model.sha256 or UNKNOWN)
        weights = f"{number(model.n_params)} weights" if model.n_params else ""
        yield Row("Build", " · ".join(part for part in (model.architecture, model.quantization, weights) if part))
    yield Row("Source", model.source or UNKNOWN, "muted")


def elsewhere_words(run: Run) -> str:
    """What becomes of the model on a route that runs on another machine; where it cannot, why."""
    model = run.model
    is_gguf = model is not None and (not model.repo or model.file_name.lower().endswith(".gguf"))
    if run.constraints.available_route == "rented_gpu":
        if is_gguf:
            return "A GGUF cannot be rented for: vLLM and SGLang take a repository of safetensors, org/repo of the Hub."
        return "The rented machine fetches it from the Hub, at its commit."
    if model is not None and model.kind == "file":
        return "A notebook cannot fetch a file of this machine: take the bundled model, or one file of the Hub."
    if not is_gguf:
        return "A notebook runs one file: choose one of the repository's."
    return "The notebook fetches it, and checks that it is this one."


def _served_rows(model: ModelChoice) -> Iterator[Row]:
    """A model that a server answers for: what the server says of it, and what no server proves."""
    yield Row("Server", model.address or "is started for the proof, and stopped after it")
    yield Row("Called there", model.served_name or UNKNOWN)
    if model.repo or model.revision:
        yield Row("Repository", f"{model.repo or UNKNOWN} @ {model.revision or UNKNOWN}")
    if model.sha256:
        yield Row("SHA-256", model.sha256)
    weights = f"{number(model.n_params)} weights" if model.n_params else ""
    build = " · ".join(part for part in (model.architecture, model.quantization, weights) if part)
    yield Row("Build", build or UNKNOWN)
    yield Row("Source", model.source or UNKNOWN, "muted")
