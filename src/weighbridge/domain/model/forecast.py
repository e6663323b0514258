"""How much memory a run will need, from the header alone: weights + KV cache + buffers + the process itself.

    KV cache   sum over attention blocks of kv_heads * (key_length + value_length) * 2 B * cells,
               cells = context padded to 256 (the whole context for sliding-window blocks too);
               blocks without KV heads keep a recurrent state instead:
               4 B * ((d_conv - 1) * (d_inner + 2 * n_group * d_state) + d_inner * d_state)
    compute    4 B * (n_ubatch * n_vocab + 2 * n_ubatch * n_embd), or, where larger,
               4 B * n_ubatch * n_ctx * (n_head + 1), the attention matrix without flash attention
    output     4 B * n_vocab: the logits of one token
    repack     1.12 * quantized matrices, where the engine copies them into another layout beside the file

Source: the allocation code of llama.cpp, compared with its log for llama, qwen2 and gemma3 files: weights and
KV equal, compute within 5 %. The engine touches its buffers only in part: measured peaks lie below the total.
"""

from __future__ import annotations

from typing import Literal

from weighbridge.domain.base import Record
from weighbridge.domain.model.gguf_types import GgufHeader
from weighbridge.domain.model.hparams import HyperParameters, hyper_parameters
from weighbridge.domain.proof.settings import KvType, RuntimeSettings

Verdict = Literal["fits", "tight", "does_not_fit", "unknown"]

PROCESS_BYTES = 47 << 20
"""A Python process with llama-cpp-python and numpy before it loads anything: measured, Linux x86-64."""
REPACK_PERCENT = 112
HEADROOM_PERCENT = 85
"""Share of the available memory that a run may take and still be called a fit."""
CONTEXT_STEP = 256
MAX_UBATCH = 512
CHECKED_ARCHITECTURES = frozenset({"llama", "qwen2", "gemma3"})


class Forecast(Record):
    """Sizes in bytes, contexts in tokens. The need lies between `total_bytes` and `total_max_bytes`.

    `fits`: the maximum is at most 85 % of the available memory. `tight`: the minimum is no more than what is
    available. `unknown`: the available memory is not known.
    """

    method: Literal["engine", "formula"] = "formula"
    """`engine`: a dry load in llama.cpp's own allocator. `formula`: the one above."""
    n_ctx: int
    weights_bytes: int
    kv_bytes: int
    compute_bytes: int
    output_bytes: int
    process_bytes: int = PROCESS_BYTES
    repack_bytes: int
    """Upper bound of the copy of the weights; 0 where the engine is told not to repack."""
    total_bytes: int
    """Without the copy."""
    total_max_bytes: int
    available_bytes: int | None
    verdict: Verdict
    max_ctx: int | None
    """Largest context that `fits`, at most the trained one; None where none does, or where that is unknown."""
    kv_type: KvType = "f16"
    fetched_bytes: int | None = None
    """Bytes that were fetched for this forecast; None where the file was here already."""
    disk_needed_bytes: int = 0
    """Bytes that the download still has to write; 0 where the file is here."""
    disk_free_bytes: int | None = None
    caveat: str = ""
    """Why the figures are less sure for this model; empty where the formula was checked for its kind."""


def forecast(
    header: GgufHeader, settings: RuntimeSettings, available_bytes: int | None, *, may_repack: bool = True
) -> Forecast:
    """What a run with these settings will need. `may_repack` is False in the engine's safe mode."""
    model = hyper_parameters(header)
    repack = _repack(header) if may_repack else 0
    kv, compute = _kv(model, settings.n_ctx), _compute(model, settings.n_ctx, settings.n_batch)
    total = _total(header, model, settings.n_ctx, settings.n_batch)
    return Forecast(
        n_ctx=settings.n_ctx,
        weights_bytes=header.weights_bytes,
        kv_bytes=kv,
        compute_bytes=compute,
        output_bytes=_output(model),
        repack_bytes=repack,
        total_bytes=total,
        total_max_bytes=total + repack,
        available_bytes=available_bytes,
        verdict=memory_verdict(total, total + repack, available_bytes),
        max_ctx=_max_ctx(header, model, settings.n_batch, repack, available_bytes),
        caveat=_caveat(header.architecture, model),
    )


def _padded(n_ctx: int) -> int:
    return -(-n_ctx // CONTEXT_STEP) * CONTEXT_STEP


def _kv(model: HyperParameters, n_ctx: int) -> int:
    a_cell = 2 * (model.key_length + model.value_length)
    state = _recurrent_state(model)
    return sum(n_kv * a_cell * _padded(n_ctx) if n_kv else state for n_kv in model.kv_heads)


def _recurrent_state(model: HyperParameters) -> int:
    ssm = model.recurrent
    if ssm is None:
        return 0
    convolution = (ssm.d_conv - 1) * (ssm.d_inner + 2 * ssm.n_group * ssm.d_state)
    return 4 * (convolution + ssm.d_inner * ssm.d_state)


def _compute(model: HyperParameters, n_ctx: int, n_batch: int) -> int:
    n_ubatch = min(n_batch, MAX_UBATCH, n_ctx)
    dense = 4 * (n_ubatch * model.n_vocab + 2 * n_ubatch * model.n_embd)
    attention = 4 * n_ubatch * _padded(n_ctx) * (max(model.heads) + 1)
    return max(dense, attention if any(model.kv_heads) else 0)


def _output(model: HyperParameters) -> int:
    return 4 * model.n_vocab


def _repack(header: GgufHeader) -> int:
    matrices = sum(tensor.bytes for tensor in header.tensors if tensor.is_quantized_matrix)
    return matrices * REPACK_PERCENT // 100


def _total(header: GgufHeader, model: HyperParameters, n_ctx: int, n_batch: int) -> int:
    """Everything but the copy of the weights. Never falls when the context grows."""
    buffers = _kv(model, n_ctx) + _compute(model, n_ctx, n_batch) + _output(model)
    return header.weights_bytes + buffers + PROCESS_BYTES


def memory_verdict(least: int, most: int, available: int | None) -> Verdict:
    if available is None:
        return "unknown"
    if most * 100 <= HEADROOM_PERCENT * available:
        return "fits"
    return "tight" if least <= available else "does_not_fit"


def _max_ctx(
    header: GgufHeader, model: HyperParameters, n_batch: int, repack: int, available: int | None
) -> int | None:
    """Bisects over multiples of 256 tokens."""
    least, most = 0, _padded(model.n_ctx_train) // CONTEXT_STEP
    while least < most:
        middle = (least + most + 1) // 2
        total = _total(header, model, middle * CONTEXT_STEP, n_batch)
        if memory_verdict(total, total + repack, available) == "fits":
            least = middle
        else:
            most = middle - 1
    return min(least * CONTEXT_STEP, model.n_ctx_train) or None


def _caveat(architecture: str, model: HyperParameters) -> str:
    """Names what the formula was never compared with."""
    reasons = []
    if model.is_mla:
        reasons.append("compressed attention (MLA)")
    if model.recurrent is not None or not all(model.kv_heads):
        reasons.append("blocks without ordinary attention")
    if model.n_expert:
        reasons.append("mixture of experts")
    if architecture not in CHECKED_ARCHITECTURES:
        reasons.append(f"architecture {architecture}")
    return f"upper bound, unverified for: {', '.join(reasons)}" if reasons else ""
