"""The command that a colleague types for the proof of a run."""

from __future__ import annotations

from collections.abc import Iterator

from weighbridge.domain.model.choice import ModelChoice
from weighbridge.domain.proof.settings import RuntimeSettings
from weighbridge.domain.run import Run
from weighbridge.domain.serving.rental import Order
from weighbridge.domain.serving.spec import served_spec
from weighbridge.domain.serving.target import Target


def prove_command(run: Run) -> tuple[str, ...]:
    """What a colleague types for the same proof. A file is named without its folder, one of the Hub exactly.

    Of a server its address and the model's name there, and of its engine what is set from here. A rented one is gone:
    it is ordered again, by the plan that stands in the packet's first run.
    """
    model, settings, target = run.model, run.settings, run.target
    assert model is not None
    if target is not None and target.origin == "rented" and run.answering is not None:
        return _rent(run.answering.order)
    here = target is None
    return (
        "weighbridge",
        "prove",
        _spec(model) if target is None else served_spec(target),
        *(_engine(settings) if target is None else _sent(settings, target)),
        *("--max-tokens", str(settings.max_tokens)),
        *("--temperature", f"{settings.temperature:g}", "--seed", str(settings.seed)),
        *_others(settings, "repeats"),
        *(("--prefix-reuse",) if settings.prefix_reuse and here else ()),
        *("--prompt", run.prompt),
        *(("--accept-memory-risk", run.memory_override.reason) if run.memory_override and here else ()),
    )


def _rent(order: Order) -> tuple[str, ...]:
    token = ("--share-token",) if order.with_token else ()
    return ("weighbridge", "run", "PLAN.toml", "--rent", f"{order.cap_usd:g}", *token, "-o", "PACKET")


def _spec(model: ModelChoice) -> str:
    if model.kind == "hub":
        return f"{model.repo}@{model.revision}:{model.file_name}"
    return "bundled" if model.kind == "bundled" else model.file_name


def _engine(settings: RuntimeSettings) -> Iterator[str]:
    """Settings of the engine on this machine."""
    yield from ("--ctx", str(settings.n_ctx), *_others(settings, "n_threads", "n_threads_batch"))
    yield from ("--batch", str(settings.n_batch))
    yield from _others(settings, "n_ubatch", "kv_type", "flash_attn", "n_gpu_layers")


def _sent(settings: RuntimeSettings, target: Target) -> Iterator[str]:
    """Settings of the engine that reach a server: Ollama takes context and threads, one started here threads."""
    if target.api == "ollama":
        yield from ("--ctx", str(settings.n_ctx))
    if target.api == "ollama" or target.origin == "started":
        yield from _others(settings, "n_threads")


def _others(settings: RuntimeSettings, *fields: str) -> Iterator[str]:
    """Options of the settings that are not as they are by default."""
    for field in fields:
        value = getattr(settings, field)
        if value != RuntimeSettings.model_fields[field].default:
            yield from (f"--{field.removeprefix('n_').replace('_', '-')}", str(value))
