"""The hyper-parameters of a language model, read strictly from a GGUF header."""

from __future__ import annotations

from dataclasses import dataclass

from weighbridge.domain.model.gguf_types import GgufHeader
from weighbridge.domain.problems import BadInput
from weighbridge.domain.text import clean_line

MAX_BLOCKS = 512
UNFIT = "use a GGUF file of a text-generating language model"
UNLOADABLE = "use another file of the model: llama.cpp cannot load this one"
_INT_TYPES = frozenset({4, 5})
_LARGEST = 1 << 31


@dataclass(frozen=True, slots=True)
class Recurrent:
    """State-space blocks (keys ARCH.ssm.*); sizes count elements."""

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
    n_ff: int
    """Widest feed-forward layer that one token passes, all its experts together; 0 where no key states it."""
    recurrent: Recurrent | None
    n_expert: int
    is_mla: bool
    """Multi-head latent attention: keys and values are compressed."""


class Keys:
    """Whole numbers of the keys below ARCH., with an error that names the key."""

    def __init__(self, header: GgufHeader) -> None:
        self.header = header
        self.prefix = header.architecture

    def optional(self, name: str, least: int = 0) -> int | None:
        key = f"{self.prefix}.{name}"
        value = self.header.metadata.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value < _LARGEST:
            shown = "a list" if isinstance(value, tuple) else clean_line(str(value), 40)
            raise BadInput(f"{key} is {shown}, not a whole number from {least}", UNLOADABLE)
        return value

    def required(self, name: str) -> int:
        value = self.optional(name, least=1)
        if value is None:
            raise BadInput(f"the header has no {self.prefix}.{name}, so this is not a language model", UNFIT)
        return value

    def per_block(self, name: str, n_block: int) -> tuple[int, ...] | None:
        """One number for all blocks, or a list with one a block."""
        key = f"{self.prefix}.{name}"
        value = self.header.metadata.get(key)
        if not isinstance(value, tuple):
            number = self.optional(name)
            return None if number is None else (number,) * n_block
        length = self.header.lengths[key]
        if length != n_block:
            raise BadInput(f"{key} has {length:,} items, the model {n_block} blocks", UNLOADABLE)
        numbers = tuple(item for item in value if isinstance(item, int) and 0 <= item < _LARGEST)
        if len(numbers) != n_block or self.header.types[key] not in _INT_TYPES:
            raise BadInput(f"{key} is not a list of whole numbers", UNLOADABLE)
        return numbers


def hyper_parameters(header: GgufHeader) -> HyperParameters:
    """Raises BadInput where a number that every language model has is missing or impossible."""
    keys = Keys(header)
    n_block = keys.required("block_count")
    if n_block > MAX_BLOCKS:
        raise BadInput(f"{keys.prefix}.block_count is {n_block:,}, and llama.cpp aborts above {MAX_BLOCKS}", UNLOADABLE)
    n_embd = keys.required("embedding_length")
    heads, kv_heads = _heads(keys, n_block)
    head_length = _head_length(keys, n_embd, heads)
    return HyperParameters(
        n_block=n_block,
        n_embd=n_embd,
        n_ctx_train=keys.required("context_length"),
        n_vocab=_vocabulary_size(keys),
        heads=heads,
        kv_heads=kv_heads,
        key_length=_or(keys.optional("attention.key_length"), head_length),
        value_length=_or(keys.optional("attention.value_length"), head_length),
        n_ff=_feed_forward(keys, n_block),
        recurrent=_recurrent(keys),
        n_expert=keys.optional("expert_count") or 0,
        is_mla=bool(keys.optional("attention.kv_lora_rank")),
    )


def _or(value: int | None, otherwise: int) -> int:
    return otherwise if value is None else value


def _heads(keys: Keys, n_block: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Query heads and KV heads of each block. Models without attention have neither."""
    heads = keys.per_block("attention.head_count", n_block) or (0,) * n_block
    kv_heads = keys.per_block("attention.head_count_kv", n_block) or heads
    for block, (n_head, n_kv) in enumerate(zip(heads, kv_heads, strict=True)):
        if n_kv > n_head or (n_kv and n_head % n_kv):
            raise BadInput(
                f"block {block} has {n_head:,} attention heads, which {n_kv:,} KV heads cannot share", UNLOADABLE
            )
    return heads, kv_heads


def _feed_forward(keys: Keys, n_block: int) -> int:
    dense = max(keys.per_block("feed_forward_length", n_block) or (0,))
    used = keys.optional("expert_used_count") or 0
    return max(dense, (keys.optional("expert_feed_forward_length") or dense) * used)


def _head_length(keys: Keys, n_embd: int, heads: tuple[int, ...]) -> int:
    """Width of a head where no key states it: embedding_length / head_count."""
    n_head = heads[0] or max(heads)
    if n_head == 0:
        return 0
    if keys.optional("attention.key_length") is None and n_embd % n_head:
        raise BadInput(
            f"{keys.prefix}.embedding_length {n_embd:,} cannot be divided by its {n_head:,} attention heads",
            UNLOADABLE,
        )
    return n_embd // n_head


def _vocabulary_size(keys: Keys) -> int:
    """The list of tokens counts; files without one state a number, or show it in the embedding's shape."""
    embedding = next((t for t in keys.header.tensors if t.name == "token_embd.weight"), None)
    rows = embedding.shape[1] if embedding is not None and len(embedding.shape) == 2 else None
    listed = keys.header.lengths.get("tokenizer.ggml.tokens")
    size = listed or keys.optional("vocab_size", least=1) or rows
    if size is None:
        raise BadInput("the header states no vocabulary", UNFIT)
    return size


def _recurrent(keys: Keys) -> Recurrent | None:
    d_inner = keys.optional("ssm.inner_size")
    if not d_inner:
        return None
    return Recurrent(
        d_conv=keys.optional("ssm.conv_kernel", least=1) or 1,
        d_inner=d_inner,
        d_state=keys.optional("ssm.state_size") or 0,
        n_group=keys.optional("ssm.group_count") or 0,
    )
