"""The hyper-parameters of a language model, read strictly from a GGUF header.

llama.cpp aborts the process on some headers that are well-formed GGUF (more than 512 blocks, for one) and
reads a vocabulary without asking for its types, so these are checked here before an engine sees the file.
"""

from __future__ import annotations

from dataclasses import dataclass

from weighbridge.domain.model.gguf_types import GgufHeader
from weighbridge.domain.problems import BadInput
from weighbridge.domain.text import clean_line

MAX_BLOCKS = 512
_INT_TYPES = frozenset({4, 5})
_FLOAT32, _TEXT = frozenset({6}), frozenset({8})
_LARGEST = 1 << 31
_OTHER = "use a GGUF file of a text-generating language model"
_REJECTED = "use another file of the model: llama.cpp cannot load this one"


@dataclass(frozen=True, slots=True)
class Recurrent:
    """State-space layers (keys ARCH.ssm.*); sizes count elements."""

    d_conv: int
    d_inner: int
    d_state: int
    n_group: int


@dataclass(frozen=True, slots=True)
class HyperParameters:
    """`heads` and `kv_heads` have one entry a block; 0 KV heads mean a block without attention."""

    n_block: int
    n_embd: int
    n_ctx_train: int
    n_vocab: int
    heads: tuple[int, ...]
    kv_heads: tuple[int, ...]
    key_length: int
    value_length: int
    recurrent: Recurrent | None
    n_expert: int
    is_mla: bool
    """Multi-head latent attention: keys and values are compressed."""


class _Keys:
    """Whole numbers below ARCH., with an error that names the key."""

    def __init__(self, header: GgufHeader) -> None:
        self.header = header
        self.prefix = header.architecture

    def optional(self, name: str, least: int = 0) -> int | None:
        key = f"{self.prefix}.{name}"
        value = self.header.metadata.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value < _LARGEST:
            raise BadInput(
                f"{key} is {clean_line(str(value), 40)}, not a whole number from {least}", _REJECTED
            )
        return value

    def required(self, name: str) -> int:
        value = self.optional(name, least=1)
        if value is None:
            raise BadInput(f"the header has no {self.prefix}.{name}, so this is not a language model", _OTHER)
        return value

    def per_block(self, name: str, n_block: int) -> tuple[int, ...] | None:
        """One number for all blocks, or a list with one a block."""
        key = f"{self.prefix}.{name}"
        value = self.header.metadata.get(key)
        if not isinstance(value, tuple):
            number = self.optional(name)
            return None if number is None else (number,) * n_block
        if self.header.lengths[key] != n_block:
            raise BadInput(
                f"{key} has {self.header.lengths[key]:,} items for {n_block} blocks of the model", _REJECTED
            )
        numbers = tuple(item for item in value if isinstance(item, int) and 0 <= item < _LARGEST)
        if len(numbers) != n_block or self.header.types[key] not in _INT_TYPES:
            raise BadInput(f"{key} is not a list of whole numbers", _REJECTED)
        return numbers


def hyper_parameters(header: GgufHeader) -> HyperParameters:
    """Raises BadInput where the file is no language model or an engine would stumble over it."""
    _check_kind(header)
    keys = _Keys(header)
    n_block = keys.required("block_count")
    if n_block > MAX_BLOCKS:
        raise BadInput(
            f"{keys.prefix}.block_count is {n_block:,}: llama.cpp aborts above {MAX_BLOCKS}",
            _REJECTED,
        )
    n_embd = keys.required("embedding_length")
    heads, kv_heads = _heads(keys, n_block)
    head_length = _head_length(keys, n_embd, heads)
    return HyperParameters(
        n_block=n_block,
        n_embd=n_embd,
        n_ctx_train=keys.required("context_length"),
        n_vocab=_vocabulary(keys),
        heads=heads,
        kv_heads=kv_heads,
        key_length=_or(keys.optional("attention.key_length"), head_length),
        value_length=_or(keys.optional("attention.value_length"), head_length),
        recurrent=_recurrent(keys),
        n_expert=keys.optional("expert_count") or 0,
        is_mla=bool(keys.optional("attention.kv_lora_rank")),
    )


def _or(value: int | None, otherwise: int) -> int:
    return otherwise if value is None else value


def _check_kind(header: GgufHeader) -> None:
    if not header.architecture:
        raise BadInput("the header does not name an architecture (general.architecture)", _OTHER)
    kind = header.text("general.type")
    if header.architecture == "clip" or kind == "mmproj":
        raise BadInput("this file is the image part of a model (mmproj), not a model", _OTHER)
    if kind in ("adapter", "imatrix"):
        what = "an adapter (LoRA)" if kind == "adapter" else "an importance matrix"
        raise BadInput(f"this file is {what}, not a model", _OTHER)
    shards = header.metadata.get("split.count")
    if isinstance(shards, int) and shards > 1:
        raise BadInput(
            f"this file is one of {shards} shards of a model, and only whole models are weighed",
            "merge them: llama-gguf-split --merge FIRST-SHARD.gguf WHOLE.gguf, then give WHOLE.gguf",
        )
    if not header.tensors:
        raise BadInput("the file holds no tensors, only a header or a vocabulary", _OTHER)


def _heads(keys: _Keys, n_block: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Query heads and KV heads of each block. Models without attention have neither."""
    heads = keys.per_block("attention.head_count", n_block) or (0,) * n_block
    kv_heads = keys.per_block("attention.head_count_kv", n_block) or heads
    for block, (n_head, n_kv) in enumerate(zip(heads, kv_heads, strict=True)):
        if n_kv > n_head or (n_kv and n_head % n_kv):
            raise BadInput(
                f"block {block} has {n_head:,} attention heads, which {n_kv:,} KV heads cannot share",
                _REJECTED,
            )
    return heads, kv_heads


def _head_length(keys: _Keys, n_embd: int, heads: tuple[int, ...]) -> int:
    """Width of a head where no key states it: embedding_length / head_count."""
    n_head = max(heads)
    if n_head == 0:
        return 0
    if keys.optional("attention.key_length") is None and n_embd % n_head:
        raise BadInput(
            f"{keys.prefix}.embedding_length {n_embd:,} cannot be divided by its {n_head:,} attention heads",
            _REJECTED,
        )
    return n_embd // n_head


def _vocabulary(keys: _Keys) -> int:
    """Number of tokens, after a check of the lists that llama.cpp reads without asking for their types."""
    header, name = keys.header, "tokenizer.ggml."
    n_tokens = header.lengths.get(name + "tokens")
    wanted = {"tokens": _TEXT, "merges": _TEXT, "scores": _FLOAT32, "token_type": _INT_TYPES}
    for what, types in wanted.items():
        key = name + what
        if key in header.metadata and (key not in header.lengths or header.types[key] not in types):
            raise BadInput(f"{key} is not the kind of list that a vocabulary has", _REJECTED)
        if what in ("scores", "token_type") and header.lengths.get(key, n_tokens) != n_tokens:
            raise BadInput(f"{key} has not one item for each of the {n_tokens or 0:,} tokens", _REJECTED)
    embedding = next((tensor for tensor in header.tensors if tensor.name == "token_embd.weight"), None)
    rows = embedding.shape[1] if embedding is not None and len(embedding.shape) == 2 else None
    count = n_tokens or keys.optional("vocab_size", least=1) or rows
    if count is None:
        raise BadInput("the header states no vocabulary", _OTHER)
    return count


def _recurrent(keys: _Keys) -> Recurrent | None:
    d_inner = keys.optional("ssm.inner_size")
    if not d_inner:
        return None
    return Recurrent(
        d_conv=keys.optional("ssm.conv_kernel", least=1) or 1,
        d_inner=d_inner,
        d_state=keys.optional("ssm.state_size") or 0,
        n_group=keys.optional("ssm.group_count") or 0,
    )
