"""Is this well-formed GGUF a language model that llama.cpp loads, rather than one on which it aborts the process?

The rules are those that `llama_model_base::load_hparams` and `llama_vocab::impl::load` of llama.cpp assert.
"""

from __future__ import annotations

from weighbridge.domain.model.gguf_types import GgufHeader
from weighbridge.domain.model.hparams import UNFIT, UNLOADABLE, HyperParameters, Keys, hyper_parameters
from weighbridge.domain.problems import BadInput
from weighbridge.domain.text import clean_line

MAX_EXPERTS = 1_024
_ROPE_SCALINGS = ("none", "linear", "yarn", "longrope")
_INT32, _FLOAT32, _STRING = 5, 6, 8
_VOCABULARY = {
    "tokens": {_STRING},
    "merges": {_STRING},
    "scores": {_INT32, _FLOAT32},
    "token_type": {_INT32},
}


def require_sound(header: GgufHeader) -> None:
    """Raises BadInput where the file is no language model or an engine would stumble over it."""
    _check_kind(header)
    model = hyper_parameters(header)
    keys = Keys(header)
    _check_experts(keys, model)
    _check_vocabulary(header)
    if (keys.optional("nextn_predict_layers") or 0) > model.n_block:
        raise BadInput(f"{keys.prefix}.nextn_predict_layers is larger than the number of blocks", UNLOADABLE)
    scaling = header.metadata.get(f"{keys.prefix}.rope.scaling.type", "none")
    if scaling not in _ROPE_SCALINGS:
        shown = clean_line(str(scaling), 40)
        raise BadInput(f"{keys.prefix}.rope.scaling.type is {shown}, which llama.cpp does not know", UNLOADABLE)


def _check_kind(header: GgufHeader) -> None:
    if not header.architecture:
        raise BadInput("the header does not name an architecture (general.architecture)", UNFIT)
    kind = header.text("general.type")
    if header.architecture == "clip" or kind == "mmproj":
        raise BadInput("this file is the image part of a model (mmproj), not a model", UNFIT)
    if kind in ("adapter", "imatrix"):
        what = "an adapter (LoRA)" if kind == "adapter" else "an importance matrix"
        raise BadInput(f"this file is {what}, not a model", UNFIT)
    shards = header.metadata.get("split.count")
    if isinstance(shards, int) and shards > 1:
        raise BadInput(
            f"this file is one of {shards} shards of a model, and only whole models are weighed",
            "merge them: llama-gguf-split --merge FIRST-SHARD.gguf WHOLE.gguf, then give WHOLE.gguf",
        )
    if not header.tensors:
        raise BadInput("the file holds no tensors, only a header or a vocabulary", UNFIT)


def _check_experts(keys: Keys, model: HyperParameters) -> None:
    """Mixture of experts: how many are used, and in which groups, must agree with how many there are."""
    used = max(keys.per_block("expert_used_count", model.n_block) or (0,))
    groups = keys.optional("expert_group_count") or 0
    groups_used = keys.optional("expert_group_used_count") or 0
    grouped = groups > 1
    sound = (
        model.n_expert <= MAX_EXPERTS
        and used <= model.n_expert
        and (used > 0) == (model.n_expert > 0)
        and groups <= max(0, model.n_expert - 1)
        and (not grouped or (model.n_expert % groups == 0 and 0 < groups_used < groups))
    )
    if not sound:
        raise BadInput(
            f"the model's experts do not add up: {used:,} of {model.n_expert:,} are used,"
            f" {groups_used:,} of {groups:,} groups",
            UNLOADABLE,
        )


def _check_vocabulary(header: GgufHeader) -> None:
    n_tokens = header.lengths.get("tokenizer.ggml.tokens", 0)
    for name, types in _VOCABULARY.items():
        key = f"tokenizer.ggml.{name}"
        if key not in header.metadata:
            continue
        if key not in header.lengths or header.types[key] not in types:
            raise BadInput(f"{key} is not the kind of list that a vocabulary has", UNLOADABLE)
        if name in ("scores", "token_type") and header.lengths[key] < n_tokens:
            raise BadInput(f"{key} is shorter than the list of {n_tokens:,} tokens", UNLOADABLE)
