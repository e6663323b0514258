"""How much GPU memory a model needs to be served, and which GPUs have it.

    weights    bytes of the safetensors files, as the Hub lists them
    KV cache   of one request of max_model_len tokens: 2 * layers * kv_heads * head_dim * 2 B a token; with compressed
               attention (MLA) layers * (kv_lora_rank + qk_rope_head_dim) * 2 B. vLLM and SGLang hold it in 16 bits for
               every model unless told otherwise. More requests at once share what the GPUs have left.
    a GPU      weights / GPUs + KV cache / (nodes * min(GPUs of a node, kv_heads)) + 2 GB; compressed attention is held
               whole by each GPU of a node
    plan       at most 85 % of a GPU: both servers take about 90 % by themselves

GPUs of a node are a power of two that divides the attention heads (tensor parallelism); several nodes of 8 come in
where one is not enough. Sources: the engine arguments and the chapters on parallelism of vLLM and of SGLang, the
config.json of the models. The 2 GB (CUDA, graphs, activations) and the 85 % are allowances, not measured.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pydantic import Field

from weighbridge.domain.base import Record
from weighbridge.domain.problems import BadInput, Refused
from weighbridge.domain.serving.servers import Gpu

GB = 10**9
OVERHEAD_BYTES = 2 * GB
PLANNED_PERCENT = 85
KV_VALUE_BYTES = 2
NODE_GPUS = 8
GPU_COUNTS = (1, 2, 4, NODE_GPUS)
NODE_COUNTS = (1, 2, 4, 8)

_HARDWARE = re.compile(r"(?P<gpu>[a-z]+\d+[a-z]*?)(?:x(?P<count>\d{1,2}))?")
"""A provider's name of a machine: its GPU, and how many."""


class ModelShape(Record):
    """What config.json says. Null: it does not say."""

    n_layers: int
    n_heads: int
    n_kv_heads: int
    head_dim: int
    latent: int | None = Field(default=None, description="kv_lora_rank + qk_rope_head_dim of compressed attention")
    n_ctx_max: int | None = Field(default=None, description="max_position_embeddings")

    @property
    def kv_bytes_a_token(self) -> int:
        values = self.latent if self.latent is not None else 2 * self.n_kv_heads * self.head_dim
        return self.n_layers * values * KV_VALUE_BYTES


class ServingFacts(Record):
    """What is known of a repository that is to be served. `gap`: why something is not."""

    weights_bytes: int | None = None
    shape: ModelShape | None = None
    gated: bool = False
    source: str = ""
    gap: str = ""


class Placement(Record):
    """GPUs that suffice: `count` of each of `nodes` machines."""

    gpu: str
    memory_gb: int
    count: int
    nodes: int = 1


class Sizing(Record):
    """The need and what meets it, bytes. Null: not known, as the person typed the need as a whole."""

    weights_bytes: int | None
    kv_bytes: int | None
    need_bytes: int = Field(description="of all GPUs together, without the allowance a GPU")
    placements: tuple[Placement, ...] = Field(description="the fewest nodes; of each kind of GPU the fewest")
    said: tuple[str, ...] = Field(description="sentences: how it was come by")
    chosen: bool = Field(default=False, description="whether the plan's hardware names the one placement")

    @property
    def fewest(self) -> Placement:
        """The fewest GPUs, then the least memory."""
        return min(self.placements, key=lambda one: (one.nodes * one.count, one.memory_gb))


def size_for(
    facts: ServingFacts, max_model_len: int, typed_gb: float | None, gpus: Sequence[Gpu], *, across: bool
) -> Sizing:
    """The sizing. `across`: tensor parallelism spans the nodes. BadInput where the need is not known, Refused where no
    GPUs of the table meet it.
    """
    shape = facts.shape
    if shape and shape.n_ctx_max is not None and max_model_len > shape.n_ctx_max:
        raise BadInput(
            f"A context of {max_model_len:,} tokens is longer than the {shape.n_ctx_max:,} of config.json.",
            f"Put max_model_len = {shape.n_ctx_max} below [serve], or less.",
            in_steps=f"Type {shape.n_ctx_max} or less for the context in step 5.",
        )
    if typed_gb is None and (facts.weights_bytes is None or shape is None):
        raise BadInput(
            f"How much GPU memory the model needs is not known: {facts.gap or 'the Hub was not asked'}.",
            "Put gpu_memory_gb = 20 (say) below [serve]: weights, KV cache and all, of all GPUs together.",
            in_steps="Type the GPU memory in step 5 (f2): weights, KV cache and all, of all GPUs together.",
        )
    weights, kv = (facts.weights_bytes, shape.kv_bytes_a_token * max_model_len if shape else None)
    if typed_gb is not None:
        weights, kv = None, None
    need = round(typed_gb * GB) if typed_gb is not None else (weights or 0) + (kv or 0)
    found = tuple(_placements(weights, kv, need, shape, gpus, across))
    if not found:
        raise _none_suffice(need, typed_gb is not None, weights, kv, shape, gpus)
    said = tuple(_said(facts, weights, kv, need))
    return Sizing(weights_bytes=weights, kv_bytes=kv, need_bytes=need, placements=found, said=said)


def on_hardware(size: Sizing, hardware: str, gpus: Sequence[Gpu]) -> Sizing:
    """The sizing for the plan's hardware (l4x1, a10g-small, H100) where that names one GPU of the table that suffices;
    else the same, and a sentence that it was not used."""
    if not hardware:
        return size
    name = hardware.lower().partition("-")[0]
    found = _HARDWARE.fullmatch(name)
    base, count = (found["gpu"], int(found["count"] or 0)) if found else (name, 0)
    exact = [gpu.name for gpu in gpus if gpu.name.lower() == hardware.lower()]
    names = exact or [gpu.name for gpu in gpus if gpu.name.lower().partition("-")[0] == base]
    fitting = [one for one in size.placements if [one.gpu] == names and one.nodes * one.count <= (count or NODE_GPUS)]
    if not fitting:
        why = "that many do not suffice" if len(names) == 1 else "which GPU it is, the table of GPUs does not say"
        return size.model_copy(update={"said": (*size.said, f"hardware = {hardware} was not used: {why}.")})
    return size.model_copy(update={"placements": (fitting[0],), "chosen": True})


def _none_suffice(
    need: int, typed: bool, weights: int | None, kv: int | None, shape: ModelShape | None, gpus: Sequence[Gpu]
) -> Refused:
    """Why no placement was found: the attention heads where memory alone would not stand in the way, else memory."""
    hint = "Lower max_model_len below [serve], or choose a smaller or quantized model."
    step = "Lower the context in step 5, or choose a smaller or quantized model in step 3."
    if typed:
        hint = step = "Correct gpu_memory_gb below [serve] if it is too high, or choose a smaller or quantized model."
    unbound = shape.model_copy(update={"n_heads": NODE_GPUS * NODE_COUNTS[-1]}) if shape else None
    if shape is not None and any(_placements(weights, kv, need, unbound, gpus, False)):
        counts = ", ".join(map(str, GPU_COUNTS))
        return Refused(
            f"The model needs {need / GB:,.0f} GB of GPU memory, and its {shape.n_heads} attention heads cannot be "
            f"divided among as many GPUs ({counts} of a machine) as have that much.",
            hint,
            in_steps=step,
        )
    return Refused(
        f"The model needs {need / GB:,.0f} GB of GPU memory, more than {NODE_COUNTS[-1]} machines of {NODE_GPUS} "
        f"{gpus[-1].name} have.",
        hint,
        in_steps=step,
    )


def _placements(
    weights: int | None, kv: int | None, need: int, shape: ModelShape | None, gpus: Sequence[Gpu], across: bool
) -> Iterator[Placement]:
    for nodes in NODE_COUNTS:
        any_found = False
        for gpu in gpus:
            for count in GPU_COUNTS if nodes == 1 else (NODE_GPUS,):
                parallel = count * nodes if across else count
                if shape is not None and shape.n_heads % parallel:
                    continue
                room = gpu.memory_gb * GB * PLANNED_PERCENT // 100
                if _a_gpu(weights, kv, need, shape, count, nodes, parallel) <= room:
                    yield Placement(gpu=gpu.name, memory_gb=gpu.memory_gb, count=count, nodes=nodes)
                    any_found = True
                    break
        if any_found:
            return


def _a_gpu(
    weights: int | None, kv: int | None, need: int, shape: ModelShape | None, count: int, nodes: int, parallel: int
) -> int:
    """Bytes that the fullest GPU holds."""
    if weights is None or kv is None or shape is None:
        return -(-need // (count * nodes)) + OVERHEAD_BYTES
    split = 1 if shape.latent is not None else min(parallel, shape.n_kv_heads)
    stages = count * nodes // parallel
    return -(-weights // (count * nodes)) + -(-kv // (split * stages)) + OVERHEAD_BYTES


def _said(facts: ServingFacts, weights: int | None, kv: int | None, need: int) -> Iterator[str]:
    if weights is None or kv is None:
        yield f"GPU memory: {need / GB:,.1f} GB, typed (gpu_memory_gb)."
    else:
        yield (
            f"GPU memory: {need / GB:,.1f} GB = weights {weights / GB:,.1f} GB + KV cache {kv / GB:,.2f} GB for one "
            f"request of full length; {facts.source}."
        )
    yield f"Planned with {OVERHEAD_BYTES // GB} GB more and {PLANNED_PERCENT} % of each GPU: allowances, not measured."
    if facts.shape is None:
        yield "The number of attention heads is not known: the server refuses GPUs that do not divide it."
