"""Tiny real models, written byte by byte, that say exactly what a test wants.

A llama without an opinion: every block adds nothing, each token's embedding is a vector of its own, and the output
matrix maps that vector to one next token. What follows a token is thus a table; after any other token comes the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gguf
import numpy as np

END, BEGIN = 2, 1
_BYTES = 3
"""Token number of the byte 0: one token a byte follows, as SentencePiece vocabularies have them."""
WORDS = _BYTES + 256
"""Number of the first word."""
_WIDTH = 288
_HEADS = 4


def byte(value: int) -> int:
    """Token number of a byte."""
    return _BYTES + value


def write_model(
    path: Path,
    follows: Mapping[int, int | tuple[int, ...]],
    *,
    words: tuple[str, ...] = ("\u2581a", "\u2581b"),
    template: str | None = None,
    n_ctx_train: int = 512,
    architecture: str = "llama",
) -> Path:
    """A model in which `follows[token]` comes after a token; where there are several, they are equally likely.

    `architecture`: llama, or mamba for a recurrent one.
    """
    texts = ["<unk>", "<s>", "</s>", *(f"<0x{value:02X}>" for value in range(256)), *words]
    kinds = [gguf.TokenType.UNKNOWN, gguf.TokenType.CONTROL, gguf.TokenType.CONTROL]
    kinds += [gguf.TokenType.BYTE] * 256 + [gguf.TokenType.NORMAL] * len(words)
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_block_count(1)
    writer.add_context_length(n_ctx_train)
    writer.add_embedding_length(_WIDTH)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(texts))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(texts)
    writer.add_token_scores([0.0] * len(texts))
    writer.add_token_types(kinds)
    writer.add_bos_token_id(BEGIN)
    writer.add_eos_token_id(END)
    if template is not None:
        writer.add_chat_template(template)
    named = _llama(writer) if architecture == "llama" else _mamba(writer)
    named |= _table(len(texts), follows)
    for name, values in named.items():
        writer.add_tensor(name, np.ascontiguousarray(values, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _table(n_vocab: int, follows: Mapping[int, int | tuple[int, ...]]) -> dict[str, Any]:
    """What stands before and behind the blocks: a vector of its own for each token, and what comes after it."""
    embeddings, output = np.zeros((n_vocab, _WIDTH)), np.zeros((n_vocab, _WIDTH))
    embeddings[:, :n_vocab] = np.eye(n_vocab)
    for token in range(n_vocab):
        output[np.atleast_1d(follows.get(token, END)), token] = 1
    return {"token_embd.weight": embeddings, "output.weight": output, "output_norm.weight": np.ones(_WIDTH)}


def _llama(writer: Any) -> dict[str, Any]:
    writer.add_head_count(_HEADS)
    writer.add_feed_forward_length(32)
    square = np.zeros((_WIDTH, _WIDTH))
    block: dict[str, Any] = {f"attn_{name}": square for name in ("q", "k", "v", "output")}
    block |= {"ffn_gate": np.zeros((32, _WIDTH)), "ffn_up": np.zeros((32, _WIDTH)), "ffn_down": np.zeros((_WIDTH, 32))}
    block |= {"attn_norm": np.ones(_WIDTH), "ffn_norm": np.ones(_WIDTH)}
    return {f"blk.0.{name}.weight": values for name, values in block.items()}


def _mamba(writer: Any) -> dict[str, Any]:
    inner, state, rank, convolution = 2 * _WIDTH, 16, 8, 4
    writer.add_ssm_conv_kernel(convolution)
    writer.add_ssm_inner_size(inner)
    writer.add_ssm_state_size(state)
    writer.add_ssm_time_step_rank(rank)
    block = {
        "attn_norm.weight": np.ones(_WIDTH),
        "ssm_in.weight": np.zeros((2 * inner, _WIDTH)),
        "ssm_conv1d.weight": np.zeros((inner, convolution)),
        "ssm_conv1d.bias": np.zeros(inner),
        "ssm_x.weight": np.zeros((rank + 2 * state, inner)),
        "ssm_dt.weight": np.zeros((inner, rank)),
        "ssm_dt.bias": np.zeros(inner),
        "ssm_a": -np.ones((inner, state)),
        "ssm_d": np.zeros(inner),
        "ssm_out.weight": np.zeros((_WIDTH, inner)),
    }
    return {f"blk.0.{name}": values for name, values in block.items()}
