"""What a run allocates, by arithmetic on the header: for where the engine cannot be asked.

    KV cache   sum over attention blocks of kv_heads * (key_length * b + value_length * b) * cells,
               b = bytes of a value: f16 2, q8_0 34/32; cells = context padded to 256 (the whole context for
               sliding-window blocks too); blocks without KV heads keep a recurrent state instead:
               4 B * ((d_conv - 1) * (d_inner + 2 * n_group * d_state) + d_inner * d_state)
    compute    4 B * n_ubatch * the larger of
                 feed-forward  3 * n_ff + 3 * n_embd + q + 2 * kv + mask
                 attention     3 * n_embd + 2 * q + 2 * kv + cells * (n_head + 1)
               q = n_head * key_length, kv = n_head_kv * key_length. With flash attention the second falls
               away and the mask is cells / 2 instead of cells; a quantized KV cache adds the rotation of keys and
               values: 4 B * (key_length^2 + value_length^2). Logits are computed for one token of a batch.
    output     4 B * n_vocab: the logits of that token
    tables     5 MiB + 190 B a token of the vocabulary + 125 B a merge rule: what the library builds from the header
    scratch    2 B * n_ubatch * max(cells * n_head, n_ff), with flash attention 2 B * n_ubatch * n_ff: one factor of a
               matrix product in the type of the other, which no log tells
    repack     1.12 * quantized matrices, where the engine copies them into another layout beside the file

Source: the allocation code of llama.cpp, compared with dry loads by llama-cpp-python 0.3.36 of nine shapes of llama,
qwen2, qwen3 and gemma3 models: weights and KV equal; compute equal where attention decides, else 5 % below to
25 % above. Tables and scratch: the resident memory of such loads, and of runs with a filled context. Linux x86-64.
"""

from __future__ import annotations

from weighbridge.domain.model.allocation import Allocation, padded
from weighbridge.domain.model.gguf_types import GGML_TYPES, GgufHeader
from weighbridge.domain.model.gpu_split import GpuShare, kv_there, layers_there, weights_there
from weighbridge.domain.model.hparams import HyperParameters
from weighbridge.domain.proof.settings import KvType, RuntimeSettings

PROCESS_BYTES = 42 << 20
"""A Python process with llama-cpp-python and numpy before it loads anything: measured, Linux x86-64."""
TABLES_BYTES = 5 << 20
TOKEN_BYTES, MERGE_BYTES = 190, 125
REPACK_PERCENT = 112
_KV_TYPES: dict[KvType, int] = {"f16": 1, "q8_0": 8}
"""Numbers of the types of `GGML_TYPES`."""


def allocation(header: GgufHeader, model: HyperParameters, settings: RuntimeSettings, n_ctx: int) -> Allocation:
    """What a run with these settings allocates in main memory at a context of `n_ctx` tokens. Never falls when that
    grows. Weights and KV cache of layers on a GPU are not in it.
    """
    n_ubatch = _ubatch(settings, n_ctx)
    kv, layers = _kv(model, settings.kv_type, padded(n_ctx)), settings.n_gpu_layers
    return Allocation(
        n_ctx=n_ctx,
        weights_bytes=header.weights_bytes - weights_there(header, model.n_block, layers)[1],
        kv_bytes=sum(kv) - kv_there(kv, layers),
        compute_bytes=_compute(model, settings, n_ubatch, padded(n_ctx)),
        output_bytes=4 * model.n_vocab,
        process_bytes=PROCESS_BYTES,
        tables_bytes=_tables(header, model),
        scratch_bytes=_scratch(model, settings, n_ctx),
    )


def gpu_share(header: GgufHeader, model: HyperParameters, settings: RuntimeSettings) -> GpuShare | None:
    """What a GPU has to hold; None where no layer is to be there."""
    if not settings.n_gpu_layers:
        return None
    cells = padded(settings.n_ctx)
    kv = _kv(model, settings.kv_type, cells)
    return GpuShare(
        layers=layers_there(model.n_block, settings.n_gpu_layers),
        of=model.n_block + 1,
        wished=settings.n_gpu_layers,
        weights_bytes=weights_there(header, model.n_block, settings.n_gpu_layers)[0],
        kv_bytes=kv_there(kv, settings.n_gpu_layers),
        compute_bytes=_compute(model, settings, _ubatch(settings, settings.n_ctx), cells),
    )


def _scratch(model: HyperParameters, settings: RuntimeSettings, n_ctx: int) -> int:
    """The CPU backend's working memory: one factor of a product in the type of the other, here f16."""
    attention = padded(n_ctx) * max(model.heads) if not settings.flash and any(model.kv_heads) else 0
    return 2 * _ubatch(settings, n_ctx) * max(attention, model.n_ff)


def _ubatch(settings: RuntimeSettings, n_ctx: int) -> int:
    """Tokens computed at once."""
    return min(settings.ubatch, n_ctx)


def repack_bytes(header: GgufHeader) -> int:
    """Upper bound of the copy of the weights in another layout."""
    matrices = sum(tensor.bytes for tensor in header.tensors if tensor.is_quantized_matrix)
    return matrices * REPACK_PERCENT // 100


def _tables(header: GgufHeader, model: HyperParameters) -> int:
    merges = header.lengths.get("tokenizer.ggml.merges", 0)
    return TABLES_BYTES + TOKEN_BYTES * model.n_vocab + MERGE_BYTES * merges


def _kv(model: HyperParameters, kv_type: KvType, cells: int) -> list[int]:
    """Bytes of each block."""
    kind = GGML_TYPES[_KV_TYPES[kv_type]]
    state = _recurrent_state(model)
    rows = (model.key_length, model.value_length)
    return [
        sum(n_kv * length * kind.bytes * cells // kind.block for length in rows) if n_kv else state
        for n_kv in model.kv_heads
    ]


def _recurrent_state(model: HyperParameters) -> int:
    ssm = model.recurrent
    if ssm is None:
        return 0
    convolution = (ssm.d_conv - 1) * (ssm.d_inner + 2 * ssm.n_group * ssm.d_state)
    return 4 * (convolution + ssm.d_inner * ssm.d_state)


def _compute(model: HyperParameters, settings: RuntimeSettings, n_ubatch: int, cells: int) -> int:
    heads = max(model.heads) if any(model.kv_heads) else 0
    q, kv = heads * model.key_length, max(model.kv_heads) * model.key_length
    feed_forward = 3 * model.n_ff + 3 * model.n_embd + q + 2 * kv
    if settings.flash:
        quantized = settings.kv_type != "f16"
        rotation = 4 * (model.key_length**2 + model.value_length**2) if quantized else 0
        return 4 * n_ubatch * (feed_forward + cells // 2) + rotation
    attention = 3 * model.n_embd + 2 * q + 2 * kv + cells * (heads + 1)
    return 4 * n_ubatch * max(feed_forward + cells, attention)
