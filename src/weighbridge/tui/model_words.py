"""Step 3 in words: the three kinds of model, and what is known of the chosen one."""

from __future__ import annotations

from collections.abc import Iterator

from weighbridge.domain.model.choice import ModelChoice
from weighbridge.tui.widgets.figures import UNKNOWN, mib, number
from weighbridge.tui.widgets.sheet import Row

KINDS = ("bundled", "file", "hub")
LABELS = ("Bundled", "A .gguf file", "The Hub")
PLACEHOLDERS = {
    "file": "path of a .gguf file, then Enter",
    "hub": "words to search, or org/repository, then Enter",
}


def kind_of(model: ModelChoice | None) -> str:
    """Which of the three kinds a model is; one that is only named was meant for the Hub."""
    return "bundled" if model is None else "hub" if model.kind == "named" else model.kind


def model_rows(model: ModelChoice) -> Iterator[Row]:
    """What is known of the model; a dash is not known."""
    yield Row("Name", model.name, "head")
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
