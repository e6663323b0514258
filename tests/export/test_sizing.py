"""How many GPUs a model needs: by its own figures, or not at all."""

from __future__ import annotations

import pytest
from export.conftest import Facts

from weighbridge.domain.problems import BadInput, Refused
from weighbridge.domain.serving.sizing import ServingFacts, Sizing, size_for
from weighbridge.services.tables import load_servers


def sized(known: ServingFacts, length: int = 4096, typed: float | None = None, across: bool = False) -> Sizing:
    return size_for(known, length, typed, load_servers().gpu, across=across)


def test_a_small_model_takes_one_gpu_and_its_cache_follows_the_formula(facts: Facts) -> None:
    made = sized(facts())
    assert (made.fewest.count, made.fewest.nodes, made.fewest.memory_gb) == (1, 1, 24)
    assert made.kv_bytes == 2 * 28 * 4 * 128 * 2 * 4096
    assert made.need_bytes == 15_200_000_000 + made.kv_bytes


def test_the_cache_of_a_long_context_takes_a_larger_gpu(facts: Facts) -> None:
    short = sized(facts(n_kv_heads=32, n_ctx_max=None), 2048)
    long = sized(facts(n_kv_heads=32, n_ctx_max=None), 65536)
    assert short.fewest.memory_gb < long.fewest.memory_gb


@pytest.mark.parametrize("heads", [28, 12, 7])
def test_gpus_divide_the_attention_heads(facts: Facts, heads: int) -> None:
    for one in sized(facts(60, n_heads=heads)).placements:
        assert heads % one.count == 0
    assert all(one.count in (1, 2, 4, 8) for one in sized(facts(60)).placements)


def test_one_machine_of_eight_is_not_always_enough(facts: Facts) -> None:
    made = sized(facts(1400, n_heads=128))
    assert made.fewest.nodes == 2 and made.fewest.count == 8
    assert all(one.nodes == 2 for one in made.placements)


def test_tensor_parallelism_across_nodes_has_to_divide_the_heads_too(facts: Facts) -> None:
    assert sized(facts(1400, n_heads=64), across=True).fewest.nodes == 2
    with pytest.raises(Refused):
        sized(facts(1400, n_heads=8), across=True)


def test_compressed_attention_counts_its_own_cache(facts: Facts) -> None:
    assert sized(facts(latent=576)).kv_bytes == 28 * 576 * 2 * 4096


def test_more_gpus_than_kv_heads_hold_copies_of_the_cache(facts: Facts) -> None:
    # 90 GB of cache on one KV head: eight GPUs hold it eight times.
    shape = {"n_kv_heads": 1, "head_dim": 4096, "n_ctx_max": None, "n_layers": 28}
    made = sized(facts(15.2, **shape), 200_000)
    assert min(one.memory_gb for one in made.placements) > 80


def test_what_is_not_known_is_asked_for(facts: Facts) -> None:
    unknown = ServingFacts(gap="the Hub cannot be reached")
    with pytest.raises(BadInput, match="the Hub cannot be reached") as caught:
        sized(unknown)
    assert "gpu_memory_gb" in caught.value.hint
    made = sized(unknown, typed=20)
    assert made.weights_bytes is None and made.need_bytes == 20 * 10**9 and made.placements


def test_a_context_that_the_model_never_learned_is_no_plan(facts: Facts) -> None:
    with pytest.raises(BadInput, match="32,768"):
        sized(facts(), 40_000)


def test_a_model_that_no_machines_hold_is_refused(facts: Facts) -> None:
    with pytest.raises(Refused, match="GPU memory"):
        sized(facts(99_000))


def test_heads_that_no_number_of_gpus_divides_are_the_reason_and_not_memory(facts: Facts) -> None:
    with pytest.raises(Refused, match="its 25 attention heads cannot be divided") as refused:
        sized(facts(400.0, n_heads=25, n_kv_heads=5))
    assert "max_model_len" in refused.value.hint


def test_a_typed_size_is_what_the_hint_speaks_of(facts: Facts) -> None:
    with pytest.raises(Refused, match="needs 90,000 GB") as refused:
        sized(facts(), typed=90_000)
    assert "gpu_memory_gb" in refused.value.hint and "max_model_len" not in refused.value.hint
