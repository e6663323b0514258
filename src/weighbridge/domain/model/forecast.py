"""How much memory a run will need: weights + KV cache + buffers + the process itself, against what is available."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from weighbridge.domain.base import Record
from weighbridge.domain.model.allocation import Allocation, Allocations, longest
from weighbridge.domain.model.formula import PROCESS_BYTES, allocation, gpu_share, repack_bytes
from weighbridge.domain.model.gguf_types import GgufHeader
from weighbridge.domain.model.gpu_split import CAVEAT, GpuShare
from weighbridge.domain.model.hparams import HyperParameters, hyper_parameters
from weighbridge.domain.proof.settings import KvType, RuntimeSettings

Verdict = Literal["fits", "tight", "does_not_fit", "unknown", "refused"]

HEADROOM_PERCENT = 85
"""Share of the available memory that a run may take and still be called a fit."""
DISK_MARGIN_BYTES = 64 << 20
"""Bytes of the disk that a download leaves free."""
CHECKED_ARCHITECTURES = frozenset({"llama", "qwen2", "qwen3", "gemma3"})


def beyond_trained(n_ctx: int, n_ctx_train: int | None) -> str:
    """What to know of a context longer than the trained one, as a sentence; else empty. A trained one of 0 is none."""
    if not n_ctx_train or n_ctx <= n_ctx_train:
        return ""
    return (
        f"The context of {n_ctx:,} tokens is longer than the {n_ctx_train:,} that the model was trained for: answers "
        "get worse beyond them."
    )


class Forecast(Record):
    """Sizes in bytes, contexts in tokens. The need lies between `total_bytes` and `total_max_bytes`.

    `fits`: the maximum is at most 85 % of the available memory. `tight`: the minimum is no more than what is
    available. `unknown`: the available memory is not known. `refused`: the engine does not take the file with these
    settings, whatever it would need; `refusal` has its words.
    """

    method: Literal["engine", "formula"] = "formula"
    """`engine`: a dry load in llama.cpp's own allocator. `formula`: domain/model/formula.py."""
    n_ctx: int
    n_batch: int | None = None
    n_ubatch: int | None = None
    """Tokens computed at once. None, as for `flash`: a forecast of an earlier version."""
    flash: bool | None = None
    """Whether flash attention is on."""
    weights_bytes: int
    kv_bytes: int
    compute_bytes: int
    output_bytes: int
    process_bytes: int = PROCESS_BYTES
    """The engine's process before it loads anything."""
    overhead_bytes: int = 0
    """What the engine builds from the header (vocabulary, graph), and its scratch memory for matrix products."""
    repack_bytes: int
    """Upper bound of the copy of the weights; 0 where the engine makes none."""
    total_bytes: int
    """Without the copy."""
    total_max_bytes: int
    available_bytes: int | None
    verdict: Verdict
    max_ctx: int | None
    """Largest context that `fits`, at most the trained one; None where none does, or where that is unknown."""
    n_ctx_train: int | None = None
    """The context that the model was trained for, as its header says."""
    kv_type: KvType = "f16"
    fetched_bytes: int | None = None
    """Bytes that were fetched for this forecast; None where the file was here already."""
    disk_needed_bytes: int = 0
    """Bytes that the download still has to write; 0 where the file is here."""
    disk_free_bytes: int | None = None
    refusal: str = ""
    """The engine's sentence where a dry load refused the file with these settings; else empty."""
    gpu: GpuShare | None = Field(default=None, exclude_if=lambda share: share is None)
    """What a GPU has to hold beside it, where layers are to be there: the other sizes are of main memory."""
    caveat: str = ""
    """Why the figures are less sure than the engine's own; empty where nothing speaks against them."""

    @property
    def beyond_trained(self) -> str:
        """What to know of a context longer than the trained one, as a sentence; else empty."""
        return beyond_trained(self.n_ctx, self.n_ctx_train)

    @property
    def disk_suffices(self) -> bool | None:
        """Whether the download finds room and leaves `DISK_MARGIN_BYTES` free; None where that is not known."""
        if not self.disk_needed_bytes:
            return True
        if self.disk_free_bytes is None:
            return None
        return self.disk_needed_bytes <= self.disk_free_bytes - DISK_MARGIN_BYTES

    def refused(self, refusal: str) -> Forecast:
        """The same figures for a file that the engine refuses: what they come to is no verdict on it."""
        return self.model_copy(update={"refusal": refusal, "verdict": "refused", "max_ctx": None})


def forecast(
    header: GgufHeader, settings: RuntimeSettings, available_bytes: int | None, *, may_repack: bool = True
) -> Forecast:
    """By the formula. `may_repack` is False in the engine's safe mode. BadInput where the header is no model's."""
    model = hyper_parameters(header)
    copy = repack_bytes(header) if may_repack else 0

    def fits(n_ctx: int) -> bool:
        return fits_with(allocation(header, model, settings, n_ctx), copy, available_bytes)

    need = allocation(header, model, settings, settings.n_ctx)
    made = _forecast(need, settings, copy, available_bytes, longest(model.n_ctx_train, fits))
    share = gpu_share(header, model, settings)
    caveats = [said for said in (_caveat(header.architecture, model), CAVEAT if share else "") if said]
    return made.model_copy(update={"n_ctx_train": model.n_ctx_train, "gpu": share, "caveat": "; ".join(caveats)})


def engine_forecast(
    header: GgufHeader, settings: RuntimeSettings, answers: Allocations, available_bytes: int | None
) -> Forecast | None:
    """By the engine's answers; None where it was not asked for the context of these settings."""
    need = answers.at(settings.n_ctx)
    if need is None:
        return None
    copy = repack_bytes(header) if answers.repacks else 0

    def fits(n_ctx: int) -> bool:
        most = answers.bound(n_ctx)
        return most is not None and fits_with(most, copy, available_bytes)

    n_ctx_train = hyper_parameters(header).n_ctx_train
    made = _forecast(need, settings, copy, available_bytes, longest(n_ctx_train, fits))
    return made.model_copy(update={"method": "engine", "n_ctx_train": n_ctx_train})


def _forecast(
    need: Allocation, settings: RuntimeSettings, copy: int, available: int | None, max_ctx: int | None
) -> Forecast:
    total = need.total_bytes
    return Forecast(
        n_ctx=settings.n_ctx,
        n_batch=settings.n_batch,
        n_ubatch=settings.ubatch,
        flash=settings.flash,
        weights_bytes=need.weights_bytes,
        kv_bytes=need.kv_bytes,
        compute_bytes=need.compute_bytes,
        output_bytes=need.output_bytes,
        process_bytes=need.process_bytes,
        overhead_bytes=need.tables_bytes + need.scratch_bytes,
        repack_bytes=copy,
        total_bytes=total,
        total_max_bytes=total + copy,
        available_bytes=available,
        verdict=memory_verdict(total, total + copy, available),
        max_ctx=max_ctx,
        kv_type=settings.kv_type,
    )


def memory_verdict(least: int, most: int, available: int | None) -> Verdict:
    if available is None:
        return "unknown"
    if most * 100 <= HEADROOM_PERCENT * available:
        return "fits"
    return "tight" if least <= available else "does_not_fit"


def fits_with(need: Allocation, copy: int, available: int | None) -> bool:
    """Whether an allocation and a copy of the weights of `copy` bytes fit."""
    return memory_verdict(need.total_bytes, need.total_bytes + copy, available) == "fits"


def _caveat(architecture: str, model: HyperParameters) -> str:
    """Names what the formula was never compared with."""
    reasons = []
    if model.is_mla:
        reasons.append("compressed attention (MLA)")
    if model.recurrent is not None or not all(model.kv_heads):
        reasons.append("blocks without ordinary attention")
    if model.n_expert:
        reasons.append("mixture of experts")
    if not model.n_ff:
        reasons.append("a header without feed_forward_length")
    if architecture not in CHECKED_ARCHITECTURES:
        reasons.append(f"architecture {architecture}")
    return f"upper bound, unverified for: {', '.join(reasons)}" if reasons else ""
