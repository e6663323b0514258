"""How a model is run. Every field is evidence: two runs compare only where these agree."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from weighbridge.domain.base import Record

KvType = Literal["f16", "q8_0"]
"""Types of the KV cache. llama.cpp takes a quantized one with flash attention only."""
FlashAttention = Literal["auto", "on", "off"]
"""`auto`: on where the KV cache is quantized, which asks for it, and off elsewhere."""


MAX_GPU_LAYERS = 1024


class RuntimeSettings(Record):
    """Settings of the engine for one proof or eval, as they were wished. `Loaded` and `Swept` say what came of them.

    A run without layers on a GPU does not name them: its digests are those of a run that never heard of them.
    """

    n_ctx: int = Field(default=2048, ge=64, le=16_777_216, description="context length, tokens")
    n_threads: int | None = Field(
        default=None,
        ge=1,
        le=1024,
        description="threads for decode; auto: chosen by measurement before the run",
        json_schema_extra={"description": "threads for decode; null: chosen by measurement before the run"},
    )
    n_threads_batch: int | None = Field(
        default=None,
        ge=1,
        le=1024,
        description="threads for prefill; auto: as n_threads where given, else measured",
        json_schema_extra={"description": "threads for prefill; null: as n_threads where given, else measured"},
    )
    n_batch: int = Field(default=512, ge=1, le=65_536, description="tokens submitted to one decode call")
    n_ubatch: int = Field(default=512, ge=1, le=65_536, description="tokens computed at once, at most n_batch")
    kv_type: KvType = Field(default="f16", description="type of the KV cache, f16 or q8_0")
    flash_attn: FlashAttention = Field(default="auto", description="flash attention: auto, on or off")
    max_tokens: int = Field(default=128, ge=1, le=1_000_000, description="most tokens of one answer")
    temperature: float = Field(default=0.0, ge=0.0, le=5.0, description="0 takes the likeliest token")
    seed: int = Field(default=1234, ge=0, le=4_294_967_294, description="seed of the sampler")
    repeats: int = Field(default=1, ge=1, le=100, description="how often each prompt is asked")
    prefix_reuse: bool = Field(
        default=False, description="cases that begin alike keep that part of the KV cache; their TTFT is not a cold one"
    )

    n_gpu_layers: int = Field(
        default=0,
        ge=-1,
        le=MAX_GPU_LAYERS,
        exclude_if=lambda layers: layers == 0,
        description="layers on the GPU: 0 none, -1 all",
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        """The engine would abort on it."""
        if self.kv_type != "f16" and self.flash_attn == "off":
            raise ValueError(
                f"a KV cache in {self.kv_type} needs flash attention, and that is off: take f16, or flash attention on"
            )
        return self

    @property
    def flash(self) -> bool:
        """Whether flash attention is on; the same rule as the child's (child_llama.context_params)."""
        return self.flash_attn == "on" or (self.flash_attn == "auto" and self.kv_type != "f16")

    @property
    def ubatch(self) -> int:
        """Tokens computed at once: the engine takes no more than it is handed."""
        return min(self.n_batch, self.n_ubatch)

    @property
    def ubatch_refusal(self) -> str:
        """Why a micro-batch that somebody asked for cannot be, else empty. The default shrinks with the batch."""
        if self.n_ubatch <= self.n_batch:
            return ""
        return (
            f"a micro-batch (n_ubatch) of {self.n_ubatch:,} tokens is more than the batch (n_batch) of "
            f"{self.n_batch:,} that it is a part of"
        )


def _described(schema: dict[str, Any]) -> None:
    """The words of each setting are those of `RuntimeSettings`."""
    for name, field in RuntimeSettings.model_fields.items():
        schema["properties"][name]["description"] = field.description


class HeardSettings(Record):
    """The settings as a record of a run keeps them: those that whoever answered was told.

    null: a server answered that was never sent it, and the record's `missing` says so; threads are null too where they
    were to be measured. What is told keeps the limits of `RuntimeSettings`. A record of an earlier version holds values
    here that no server heard.
    """

    model_config = ConfigDict(json_schema_extra=_described)

    n_ctx: int | None
    n_threads: int | None
    n_threads_batch: int | None
    n_batch: int | None
    n_ubatch: int | None
    kv_type: KvType | None
    flash_attn: FlashAttention | None
    max_tokens: int
    temperature: float
    seed: int
    repeats: int
    prefix_reuse: bool | None
    n_gpu_layers: int | None = Field(default=0, exclude_if=lambda layers: layers == 0)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        _ = self.whole
        return self

    @property
    def whole(self) -> RuntimeSettings:
        """What was told, and the defaults for the rest. ValidationError where the engine would abort on it."""
        return RuntimeSettings.model_validate({name: value for name, value in self if value is not None})


class Message(Record):
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str = Field(min_length=1, max_length=100_000)


class Request(Record):
    """One prompt for the model. `id` is unique within a job; `case` names the eval case, if it is one."""

    id: str
    prompt: str = Field(description="what is asked, as one text")
    messages: tuple[Message, ...] = Field(default=(), description="given to the chat template in place of the prompt")
    time_limit_s: float | None = Field(default=None, gt=0, description="seconds that the answer may take")
    case: str = ""
    warmup: bool = False
    repeat: int = Field(default=1, ge=1, description="1 for the first time that this prompt is asked")
    max_tokens: int | None = Field(default=None, ge=1, description="overrides the settings for this request")
    reuse_prefix: bool = Field(default=False, description="keep what the prompt shares with the one before it")
    under_load: bool = Field(
        default=False, description="one of many at once: a server is asked nothing else beside it, and not once more"
    )
