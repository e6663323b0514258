"""What the engine's child says of itself until the model is loaded."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from weighbridge.domain.base import Record


class Ready(Record):
    """The child has imported the engine; nothing is loaded yet."""

    event: Literal["ready"] = "ready"
    t: float
    engine: str = Field(description="library and version, as the child sees it")
    system_info: str = Field(description="llama_print_system_info()")
    python: str
    baseline_rss_bytes: int | None


class Offload(Record):
    """What the engine's log says of layers on a GPU. `layers`: of `of`, the output layer counted as one."""

    layers: int
    of: int
    buffers: dict[str, int] = Field(description="bytes by device: weights, KV cache, compute and output buffers there")


class Loaded(Record):
    """Model and context exist. The `*_buffer_bytes` are the engine's own figures, read from its log."""

    event: Literal["loaded"] = "loaded"
    t: float
    load_s: float
    description: str = Field(description="llama_model_desc(), cleaned")
    weights_bytes: int
    n_params: int
    n_vocab: int
    n_ctx_train: int
    n_ctx: int
    n_batch: int
    n_ubatch: int
    n_threads: int
    n_threads_batch: int
    model_buffer_bytes: int | None
    kv_buffer_bytes: int | None
    compute_buffer_bytes: int | None
    output_buffer_bytes: int | None
    repack_buffer_bytes: int | None = Field(description="weights copied into another layout; None if not said")
    flash_attn: str
    type_k: str
    type_v: str
    use_extra_bufts: bool
    load_mode: str
    chat_template_sha256: str | None = Field(description="None: the file has no template, prompts go in raw")
    omp_wait_policy: str | None = None
    omp_spin_count: str | None = Field(default=None, description="GOMP_SPINCOUNT of the child; null: the library's own")
    offload: Offload | None = Field(
        default=None,
        exclude_if=lambda offload: offload is None,
        description="null: no layer was to be on a GPU. The *_buffer_bytes are those in main memory",
    )
