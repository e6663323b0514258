"""What serving a repository takes: the size of its safetensors files, and the shape that its config.json tells."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from weighbridge.domain.model.hub import HubFile, HubRepo
from weighbridge.domain.problems import HubProblem
from weighbridge.domain.serving.sizing import ModelShape, ServingFacts
from weighbridge.services.hub.client import HubClient

CONFIG = "config.json"
MOST_BYTES = 2 << 20
_MOST = 1 << 24
"""No layer count, head count or width is larger; a context is below its square."""


def serving_facts(client: HubClient, repo: HubRepo) -> ServingFacts:
    """At the commit of `repo`. What the Hub does not tell stays null, with the reason in `gap`."""
    weights = weights_bytes(repo.files)
    source = f"sizes and config.json of {repo.repo}@{repo.revision[:12]}"
    known = ServingFacts(weights_bytes=weights, gated=bool(repo.gate), source=source)
    gap = "" if weights is not None else f"{repo.repo} lists no safetensors files with their sizes"
    try:
        raw = client.read(f"config.json of {repo.repo}", repo.repo, repo.revision, CONFIG, MOST_BYTES)
        shape = shape_of(json.loads(raw)) if isinstance(raw, bytes) else None
    except HubProblem as problem:
        return known.model_copy(update={"gap": gap or str(problem)})
    except (ValueError, RecursionError):
        shape = None
    if shape is None:
        gap = gap or f"config.json of {repo.repo} does not tell layers and attention heads"
    return known.model_copy(update={"shape": shape, "gap": gap})


def weights_bytes(files: Sequence[HubFile]) -> int | None:
    """Bytes of the weights at the top of a repository; None where there are none, or a size is not told.

    A second copy in another layout (consolidated.safetensors) is not counted.
    """
    there = [file for file in files if file.path.endswith(".safetensors") and "/" not in file.path]
    counted = [file for file in there if file.path.startswith("model")] or there
    sizes = [file.size_bytes for file in counted]
    known = [size for size in sizes if size is not None]
    return sum(known) if known and len(known) == len(sizes) else None


def shape_of(config: object) -> ModelShape | None:
    """The shape of a config.json of transformers; that of the text model where it holds several. None: not told."""
    if not isinstance(config, dict):
        return None
    inner = config.get("text_config")
    text: Mapping[str, object] = inner if isinstance(inner, dict) else config
    layers, heads = _count(text, "num_hidden_layers"), _count(text, "num_attention_heads")
    width = _count(text, "hidden_size")
    if not layers or not heads:
        return None
    head_dim = _count(text, "head_dim") or (width // heads if width else None)
    latent, rope = _count(text, "kv_lora_rank"), _count(text, "qk_rope_head_dim")
    if not head_dim and not latent:
        return None
    return ModelShape(
        n_layers=layers,
        n_heads=heads,
        n_kv_heads=_count(text, "num_key_value_heads") or heads,
        head_dim=head_dim or 0,
        latent=latent + (rope or 0) if latent else None,
        n_ctx_max=_count(text, "max_position_embeddings", _MOST**2),
    )


def _count(config: Mapping[str, object], name: str, most: int = _MOST) -> int | None:
    value = config.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= most else None
