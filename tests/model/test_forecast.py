"""The forecast against the engine's own figures, and the verdicts drawn from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from weighbridge.domain.model.forecast import Forecast, forecast
from weighbridge.domain.model.gguf_types import GgufHeader
from weighbridge.domain.proof.settings import KvType, RuntimeSettings
from weighbridge.services import model_file

Craft = Callable[..., bytes]
Read = Callable[[bytes], GgufHeader]
MIB = 1 << 20


@pytest.fixture(scope="module")
def smollm() -> GgufHeader:
    header = model_file.resolve("bundled").header
    assert header is not None
    return header


def _mib(size: int) -> float:
    return round(size / MIB, 2)


def _settings(n_ctx: int, n_batch: int = 512, kv_type: KvType = "f16") -> RuntimeSettings:
    return RuntimeSettings(n_ctx=n_ctx, n_batch=n_batch, kv_type=kv_type)


@pytest.mark.parametrize(
    ("settings", "kv", "compute"),
    [
        (_settings(512), 11.25, 16.38),
        (_settings(2_048), 45.0, 46.38),
        (_settings(2_000), 45.0, 46.38),
        (_settings(2_048, 128), 45.0, 11.6),
        (_settings(2_048, 4_096), 45.0, 46.38),
        (_settings(8_192), 180.0, 166.38),
        (_settings(512, kv_type="q8_0"), 5.98, 12.92),
        (_settings(2_048, 128, "q8_0"), 23.91, 3.63),
        (_settings(8_192, kv_type="q8_0"), 95.62, 20.42),
        (RuntimeSettings(n_ctx=2_048, flash_attn="on"), 45.0, 15.51),
        (RuntimeSettings(n_ctx=2_048, flash_attn="on", n_ubatch=128), 45.0, 3.88),
        (RuntimeSettings(n_ctx=2_048, n_ubatch=128), 45.0, 11.6),
        (RuntimeSettings(n_ctx=2_048, n_batch=64, n_ubatch=512), 45.0, 5.8),
    ],
)
def test_the_figures_that_llama_cpp_logs_for_the_bundled_model(
    smollm: GgufHeader, settings: RuntimeSettings, kv: float, compute: float
) -> None:
    seen = forecast(smollm, settings, None)
    assert _mib(seen.weights_bytes) == 92.10
    assert _mib(seen.kv_bytes) == pytest.approx(kv, abs=0.011)
    most = 1.15 if settings.flash else 1.0
    assert compute * 0.999 <= _mib(seen.compute_bytes) <= compute * most + 0.01
    assert _mib(seen.output_bytes) == 0.19
    assert seen.caveat == ""
    parts = (seen.weights_bytes, seen.kv_bytes, seen.compute_bytes, seen.output_bytes, seen.process_bytes)
    assert seen.total_bytes == sum(parts) + seen.overhead_bytes
    assert seen.total_max_bytes == seen.total_bytes + seen.repack_bytes
    assert 95.3 < _mib(seen.repack_bytes) < 105, "at least what the engine was seen to copy"
    assert (seen.n_batch, seen.kv_type) == (settings.n_batch, settings.kv_type)


@pytest.mark.parametrize(
    ("settings", "peak"),
    [
        (_settings(512), 184.9),
        (_settings(2_048), 260.2),
        (_settings(8_192), 559.3),
        (_settings(512, kv_type="q8_0"), 172.8),
        (_settings(2_048, kv_type="q8_0"), 193.8),
        (_settings(8_192, kv_type="q8_0"), 272.0),
    ],
)
def test_the_total_is_the_peak_that_was_measured_with_a_full_context(
    smollm: GgufHeader, settings: RuntimeSettings, peak: float
) -> None:
    """Peaks in MiB: bench/forecast.py, safe mode, Linux x86-64."""
    seen = forecast(smollm, settings, None, may_repack=False)
    assert _mib(seen.total_bytes) == pytest.approx(peak, rel=0.05)


GEMMA: dict[str, Any] = {
    "general.architecture": "gemma3",
    "gemma3.block_count": 18,
    "gemma3.context_length": 32_768,
    "gemma3.embedding_length": 640,
    "gemma3.feed_forward_length": 2_048,
    "gemma3.attention.head_count": 4,
    "gemma3.attention.head_count_kv": 1,
    "gemma3.attention.key_length": 256,
    "gemma3.attention.value_length": 256,
    "tokenizer.ggml.tokens": ["t"] * 262_144,
    "tokenizer.ggml.scores": None,
    "tokenizer.ggml.token_type": None,
}
QWEN: dict[str, Any] = {
    "general.architecture": "qwen2",
    "qwen2.block_count": 24,
    "qwen2.context_length": 32_768,
    "qwen2.embedding_length": 896,
    "qwen2.feed_forward_length": 4_864,
    "qwen2.attention.head_count": 14,
    "qwen2.attention.head_count_kv": 2,
    "tokenizer.ggml.tokens": ["t"] * 151_936,
    "tokenizer.ggml.scores": None,
    "tokenizer.ggml.token_type": None,
}


@pytest.mark.parametrize(("metadata", "kv", "compute"), [(GEMMA, 72.0, 48.76), (QWEN, 48.0, 129.26)])
def test_the_figures_that_llama_cpp_logs_for_other_families(
    craft: Craft, read: Read, metadata: dict[str, Any], kv: float, compute: float
) -> None:
    seen = forecast(read(craft(metadata)), _settings(4_096), None)
    assert _mib(seen.kv_bytes) == kv
    assert _mib(seen.compute_bytes) == pytest.approx(compute, abs=0.03)
    assert seen.caveat == ""


def test_verdicts_at_their_borders(smollm: GgufHeader) -> None:
    need = forecast(smollm, _settings(2_048), None)

    def verdict(available: int) -> str:
        return forecast(smollm, _settings(2_048), available).verdict

    enough = -(-need.total_max_bytes * 100 // 85)
    assert (verdict(enough), verdict(enough - 1)) == ("fits", "tight")
    assert (verdict(need.total_bytes), verdict(need.total_bytes - 1)) == ("tight", "does_not_fit")


def test_unknown_memory_stays_unknown(smollm: GgufHeader) -> None:
    seen = forecast(smollm, _settings(2_048), None)
    assert (seen.verdict, seen.max_ctx, seen.available_bytes) == ("unknown", None, None)


@pytest.mark.parametrize("available_mib", [330, 380, 450, 560, 690])
def test_max_ctx_is_the_last_context_that_fits(smollm: GgufHeader, available_mib: int) -> None:
    available = available_mib * MIB
    longest = forecast(smollm, _settings(2_048), available).max_ctx
    assert longest is not None and longest % 256 == 0 and longest < 8_192
    assert forecast(smollm, _settings(longest), available).verdict == "fits"
    assert forecast(smollm, _settings(longest + 256), available).verdict != "fits"


def test_max_ctx_ends_at_the_trained_context(smollm: GgufHeader, craft: Craft, read: Read) -> None:
    assert forecast(smollm, _settings(2_048), 1 << 40).max_ctx == 8_192
    assert forecast(read(craft({"llama.context_length": 300})), _settings(256), 1 << 40).max_ctx == 300
    assert forecast(smollm, _settings(2_048), 1).max_ctx is None


def test_without_repacking_the_range_closes(smollm: GgufHeader) -> None:
    seen = forecast(smollm, _settings(2_048), 1 << 40, may_repack=False)
    assert (seen.repack_bytes, seen.total_max_bytes) == (0, seen.total_bytes)


def test_weights_that_are_not_quantized_are_not_copied(craft: Craft, read: Read) -> None:
    header = read(craft(tensors=[("token_embd.weight", (64, 8), 1), ("blk.0.attn_q.weight", (64, 64), 0)]))
    assert forecast(header, _settings(256), None).repack_bytes == 0


def _caveat(craft: Craft, read: Read, changes: dict[str, Any]) -> Forecast:
    return forecast(read(craft(changes)), _settings(256), None)


def test_caveats_name_what_was_never_compared(craft: Craft, read: Read) -> None:
    experts = {"llama.expert_count": 8, "llama.expert_used_count": 2}
    assert "mixture of experts" in _caveat(craft, read, experts).caveat
    assert "MLA" in _caveat(craft, read, {"llama.attention.kv_lora_rank": 512}).caveat
    other = {key.replace("llama.", "granite."): value for key, value in _model_keys().items()}
    seen = _caveat(craft, read, {"general.architecture": "granite"} | other)
    assert seen.caveat == "upper bound, unverified for: architecture granite"
    bare = _caveat(craft, read, {"llama.feed_forward_length": None})
    assert bare.caveat == "upper bound, unverified for: a header without feed_forward_length"


def _model_keys() -> dict[str, Any]:
    return {
        "llama.block_count": 2,
        "llama.context_length": 512,
        "llama.embedding_length": 64,
        "llama.attention.head_count": 4,
        "llama.feed_forward_length": 128,
    }


def test_blocks_without_attention_keep_a_state_instead_of_a_cache(craft: Craft, read: Read) -> None:
    hybrid = {
        "llama.attention.head_count_kv": [2, 0],
        "llama.ssm.conv_kernel": 4,
        "llama.ssm.inner_size": 128,
        "llama.ssm.state_size": 16,
        "llama.ssm.group_count": 1,
    }
    seen = _caveat(craft, read, hybrid)
    attention = 2 * (16 + 16) * 2 * 256
    state = 4 * (3 * (128 + 2 * 16) + 128 * 16)
    assert seen.kv_bytes == attention + state
    assert "without ordinary attention" in seen.caveat
