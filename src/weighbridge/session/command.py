"""The command that a colleague types for the proof of a run."""

from __future__ import annotations

from collections.abc import Iterator

from weighbridge.domain.proof.settings import RuntimeSettings
from weighbridge.domain.run import Run


def prove_command(run: Run) -> tuple[str, ...]:
    """What a colleague types for the same proof. A file is named without its folder, one of the Hub exactly."""
    model, settings = run.model, run.settings
    assert model is not None
    spec = "bundled" if model.kind == "bundled" else model.file_name
    if model.kind == "hub":
        spec = f"{model.repo}@{model.revision}:{model.file_name}"
    return (
        "weighbridge",
        "prove",
        spec,
        *("--ctx", str(settings.n_ctx), *_others(settings, "n_threads", "n_threads_batch")),
        *("--batch", str(settings.n_batch), *_others(settings, "n_ubatch", "kv_type", "flash_attn", "n_gpu_layers")),
        *("--max-tokens", str(settings.max_tokens)),
        *("--temperature", f"{settings.temperature:g}", "--seed", str(settings.seed)),
        *_others(settings, "repeats"),
        *(("--prefix-reuse",) if settings.prefix_reuse else ()),
        *("--prompt", run.prompt),
        *(("--accept-memory-risk", run.memory_override.reason) if run.memory_override else ()),
    )


def _others(settings: RuntimeSettings, *fields: str) -> Iterator[str]:
    """Options of the settings that are not as they are by default."""
    for field in fields:
        value = getattr(settings, field)
        if value != RuntimeSettings.model_fields[field].default:
            yield from (f"--{field.removeprefix('n_').replace('_', '-')}", str(value))
