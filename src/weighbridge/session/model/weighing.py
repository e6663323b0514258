"""The memory forecast of the present model and settings: by the formula at once, by the engine where it can be had."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from pathlib import Path
from typing import NamedTuple, TypeVar

from weighbridge.domain.model.allocation import Allocation, Allocations
from weighbridge.domain.model.choice import ModelChoice
from weighbridge.domain.model.forecast import Forecast, engine_forecast, fits_with, forecast
from weighbridge.domain.model.formula import allocation, repack_bytes
from weighbridge.domain.model.gguf_types import GgufHeader
from weighbridge.domain.model.hparams import hyper_parameters
from weighbridge.domain.model.offload import GpuBuild
from weighbridge.domain.problems import HubProblem, Refused
from weighbridge.domain.proof.events import Mode
from weighbridge.domain.proof.settings import KvType, RuntimeSettings
from weighbridge.domain.run import Run
from weighbridge.services.engine.dry_load import DryModel, DryRefused, NoDryLoad
from weighbridge.services.engine.mode_memory import known_mode
from weighbridge.services.engine.offload import gpu_build
from weighbridge.session.deps import Deps
from weighbridge.session.model import fetching
from weighbridge.session.model.choosing import header_of

GREW_PERCENT = 2
"""By so much a forecast may grow and an override of it still hold: a process is never twice of one size."""
_KEPT = 32
_K = TypeVar("_K")
_V = TypeVar("_V")


class Key(NamedTuple):
    """What the engine's answers depend on, besides the context."""

    model: tuple[str, str, str, int]
    n_batch: int
    n_ubatch: int
    kv_type: KvType
    flash: bool
    mode: Mode


_ANSWERS: OrderedDict[Key, Allocations] = OrderedDict()
"""The engine's answers of this process, latest last; a process keeps its build of the engine."""
_REFUSALS: OrderedDict[tuple[Key, int], str] = OrderedDict()
"""What the engine said where it refused a model with a context of so many tokens."""

_BUILD: GpuBuild | None = None
"""What the engine last said of GPUs; None: it was not asked."""


def forget() -> None:
    """Forgets what the engine answered in this process, so that it is asked anew."""
    global _BUILD
    _BUILD = None
    _ANSWERS.clear()
    _REFUSALS.clear()


def by_formula(run: Run, deps: Deps, folder: Path) -> Run:
    """A run with a forecast at once: of the engine's answers where it gave them before, else the formula's.

    The available memory is read anew. No forecast where there is no model, or its header cannot be had again.
    """
    model = run.model
    if model is None or not _has_file(model):
        return run.model_copy(update={"forecast": None})
    try:
        header, fetched = _header(model, deps)
    except HubProblem:
        return run.model_copy(update={"forecast": None})
    available = deps.machine(folder).available_bytes
    key = _key(model, header, run.settings, deps)
    known = _ANSWERS.get(key) if deps.dry_load and not run.settings.n_gpu_layers else None
    made = engine_forecast(header, run.settings, known, available) if known else None
    made = made or forecast(header, run.settings, available, may_repack=_mode(deps) == "default")
    if made.gpu is not None:
        made = _with_gpu(made, deps)
    elif deps.dry_load and (refusal := _REFUSALS.get((key, run.settings.n_ctx))):
        made = made.refused(refusal)
    return with_forecast(run, _with_disk(made, model, fetched, deps, folder))


async def by_engine(run: Run, deps: Deps, folder: Path) -> Run:
    """A run with the forecast of the engine's own allocator; the formula's, with the reason, where it gives none.

    Where the engine refuses the file with these settings, the forecast says so in place of a verdict. The first time
    it takes as long as a dry load, at most its time limit. May be cancelled. HubProblem where the header must be
    fetched again and cannot be.
    """
    model = run.model
    if model is None or not _has_file(model) or deps.dry_load is None:
        return by_formula(run, deps, folder)
    if run.settings.n_gpu_layers:
        await ask_build()
        return by_formula(run, deps, folder)
    header, raw = await asyncio.to_thread(header_bytes, model, deps)
    key = _key(model, header, run.settings, deps)
    known = key in _ANSWERS and _ANSWERS[key].at(run.settings.n_ctx) is not None
    if known or (key, run.settings.n_ctx) in _REFUSALS:
        return by_formula(run, deps, folder)
    available = deps.machine(folder).available_bytes
    asked = _dry_model(header, raw, run.settings, available, _mode(deps))
    try:
        answers = await deps.dry_load(asked)
    except DryRefused as refusal:
        _keep(_REFUSALS, (key, run.settings.n_ctx), str(refusal))
        return by_formula(run, deps, folder)
    except NoDryLoad as reason:
        return _with_reason(by_formula(run, deps, folder), str(reason))
    _keep(_ANSWERS, key, _ANSWERS[key].joined(*answers.known) if key in _ANSWERS else answers)
    return by_formula(run, deps, folder)


async def ask_build() -> GpuBuild:
    """What the installed engine can do with a GPU, asked anew: others may take its memory meanwhile."""
    global _BUILD
    _BUILD = await gpu_build()
    return _BUILD


def require_gpu(run: Run) -> None:
    """Refused, with the way out, where layers are wished on a GPU and the engine says that it has none for them."""
    if run.settings.n_gpu_layers and run.forecast is not None and run.forecast.refusal:
        said, found, way_out = run.forecast.refusal.partition(": ")
        hint = f"{way_out[:1].upper()}{way_out[1:]}" if found else "Set n_gpu_layers (--gpu-layers) to 0."
        raise Refused(f"{said.rstrip('.')}.", hint)


def _with_gpu(made: Forecast, deps: Deps) -> Forecast:
    """A forecast with layers on a GPU: refused where the engine says that it can't, with free memory where it told."""
    build = _BUILD
    if build is None or made.gpu is None or deps.dry_load is None:
        return made
    if build.supported is not None and not build.usable:
        return made.refused(build.says)
    return made.model_copy(update={"gpu": made.gpu.model_copy(update={"free_bytes": build.free_bytes})})


def _keep(kept: OrderedDict[_K, _V], key: _K, value: _V) -> None:
    """Puts an answer last, and forgets the oldest of too many."""
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > _KEPT:
        kept.popitem(last=False)


def header_bytes(model: ModelChoice, deps: Deps) -> tuple[GgufHeader, bytes]:
    """The header and the bytes it was read from: of the file, or as it was fetched from the Hub.

    BadInput where the file is gone or no model any more, HubProblem where the header cannot be fetched again.
    """
    if model.to_download:
        fetched = fetching.header_of_hub(model, deps)
        return fetched.header, fetched.raw
    header = header_of(model)
    with open(model.path, "rb") as file:
        return header, file.read(header.data_offset)


def with_forecast(run: Run, made: Forecast | None) -> Run:
    """A run with this forecast. An override falls away where it was of another model, other settings or a less need."""
    before = run.forecast
    same = (
        before is not None
        and made is not None
        and _settings_of(before) == _settings_of(made)
        and made.total_bytes * 100 <= before.total_bytes * (100 + GREW_PERCENT)
    )
    overrides = run.overrides if same else tuple(o for o in run.overrides if o.what != "memory")
    return run.model_copy(update={"forecast": made, "overrides": overrides})


def _settings_of(made: Forecast) -> tuple[object, ...]:
    layers = made.gpu.wished if made.gpu else 0
    return made.weights_bytes, made.n_ctx, made.n_batch, made.n_ubatch, made.kv_type, made.flash, layers


def _has_file(model: ModelChoice) -> bool:
    return model.kind != "named" and not model.served and bool(model.path or model.file_name)


def _header(model: ModelChoice, deps: Deps) -> tuple[GgufHeader, int | None]:
    """The header, and the bytes that were fetched for it; None where the file is here."""
    if model.to_download:
        fetched = fetching.header_of_hub(model, deps)
        return fetched.header, fetched.fetched_bytes
    return header_of(model), None


def _with_disk(made: Forecast, model: ModelChoice, fetched: int | None, deps: Deps, folder: Path) -> Forecast:
    needed = (model.size_bytes or 0) if model.to_download else 0
    free = deps.machine(folder).disk_free_bytes
    return made.model_copy(update={"fetched_bytes": fetched, "disk_needed_bytes": needed, "disk_free_bytes": free})


def _with_reason(run: Run, reason: str) -> Run:
    made = run.forecast
    if made is None:
        return run
    caveat = f"{made.caveat}; {reason}" if made.caveat else reason
    return run.model_copy(update={"forecast": made.model_copy(update={"caveat": caveat})})


def _mode(deps: Deps) -> Mode:
    """The mode that the next run tries first."""
    return known_mode(deps.home) or "default"


def _key(model: ModelChoice, header: GgufHeader, settings: RuntimeSettings, deps: Deps) -> Key:
    identity = (model.sha256, "" if model.sha256 else model.path or model.repo, model.file_name, header.file_size)
    return Key(identity, settings.n_batch, settings.ubatch, settings.kv_type, settings.flash, _mode(deps))


def _dry_model(
    header: GgufHeader, raw: bytes, settings: RuntimeSettings, available: int | None, mode: Mode
) -> DryModel:
    shape = hyper_parameters(header)
    copy = repack_bytes(header)

    def estimate(n_ctx: int) -> Allocation:
        return allocation(header, shape, settings, n_ctx)

    def fits(need: Allocation, repacks: bool) -> bool:
        return fits_with(need, copy if repacks else 0, available)

    return DryModel(
        header=raw,
        file_size=header.file_size,
        settings=settings,
        mode=mode,
        n_ctx_train=shape.n_ctx_train,
        estimate=estimate,
        fits=fits,
    )
