"""What is known of contexts that the engine was not asked for."""

from __future__ import annotations

import pytest

from weighbridge.domain.model.allocation import Allocation, Allocations, longest, padded


def _need(n_ctx: int) -> Allocation:
    """A cache that grows with the context, and a buffer that begins to grow at 2,048 tokens."""
    compute = max(5_000_000, n_ctx * 3_000)
    return Allocation(
        n_ctx=n_ctx,
        weights_bytes=100,
        kv_bytes=n_ctx * 7,
        compute_bytes=compute,
        output_bytes=4,
        process_bytes=50,
        tables_bytes=20,
        scratch_bytes=n_ctx,
    )


KNOWN = Allocations(repacks=False, known=(_need(512), _need(1_024), _need(4_096)))


def test_the_total_is_the_sum_of_the_parts() -> None:
    assert _need(1_024).total_bytes == 100 + 1_024 * 7 + 5_000_000 + 4 + 50 + 20 + 1_024


@pytest.mark.parametrize("n_ctx", range(256, 4_097, 256))
def test_between_two_answers_the_bound_is_never_too_low(n_ctx: int) -> None:
    bound = KNOWN.bound(n_ctx)
    assert bound is not None and bound.total_bytes >= _need(n_ctx).total_bytes
    assert KNOWN.at(n_ctx) in (None, bound)


def test_beyond_the_longest_answer_nothing_is_known() -> None:
    assert KNOWN.bound(4_097) is None and KNOWN.at(2_048) is None
    assert KNOWN.joined(_need(8_192)).bound(4_097) is not None


def test_a_later_answer_counts() -> None:
    again = KNOWN.joined(_need(2_048), Allocation(512, 1, 1, 1, 1, 1, 1, 1))
    assert [need.n_ctx for need in again.known] == [512, 1_024, 2_048, 4_096]
    assert again.known[0].total_bytes == 7


@pytest.mark.parametrize("border", [256, 2_816, 7_936, 8_192])
def test_the_longest_context_is_found_and_its_neighbour_was_tried(border: int) -> None:
    asked: dict[int, bool] = {}

    def fits(n_ctx: int) -> bool:
        asked[n_ctx] = n_ctx <= border
        return asked[n_ctx]

    assert longest(8_192, fits) == border
    assert asked.get(border) is True and (border == 8_192 or asked[border + 256] is False)
    assert len(asked) <= 6


def test_the_longest_context_ends_at_the_trained_one() -> None:
    assert longest(300, lambda _: True) == 300 and longest(300, lambda n_ctx: n_ctx < 512) == 256
    assert longest(8_192, lambda _: False) is None
    assert (padded(1), padded(256), padded(257)) == (256, 256, 512)
