"""What a cap buys and what seconds cost."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weighbridge.domain.problems import BadInput
from weighbridge.domain.serving import billing
from weighbridge.domain.serving.rental import Price

AT = "2026-01-31T12:00:00Z"


def price(amount: float, unit: str = "minute") -> Price:
    return Price.model_validate({"amount": amount, "unit": unit, "source": "hf_jobs_api", "retrieved_at": AT})


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    cap=st.decimals("0.01", "1000", places=2).map(float),
    micro=st.integers(100, 2_000_000),
)
def test_a_job_that_runs_to_its_limit_and_a_started_minute_more_stays_within_the_cap(cap: float, micro: int) -> None:
    minute = price(micro / 1e6)
    try:
        limit = billing.time_limit_s(cap, minute)
    except BadInput as problem:
        least = billing.least_cap(minute)
        assert f"{least} USD" in problem.hint and Decimal(str(cap)) < least
        assert billing.time_limit_s(float(least), minute) >= 300
        return
    assert limit % 60 == 0 and 300 <= limit <= billing.MOST_S
    assert (limit // 60 + 1) * billing.per_minute(minute) <= Decimal(str(cap))


def test_a_price_of_exact_cents_buys_exact_minutes() -> None:
    assert billing.time_limit_s(1.0, price(0.1)) == 9 * 60
    assert billing.time_limit_s(6.0, price(6.0, "hour")) == 59 * 60


def test_prices_are_the_same_by_what_they_cost() -> None:
    assert billing.same_price(price(0.01), price(0.6, "hour"))
    assert not billing.same_price(price(0.01), price(0.02))
    assert not billing.same_price(None, None)


@pytest.mark.parametrize("text", ["0.80", "$0.80", "0.80 USD", "0.80 $/h", "US$0.80 per hour", "0.80 USD an hour"])
def test_a_typed_price_is_read_as_a_person_writes_it(text: str) -> None:
    found = billing.typed_price(text, "me", "l4x1", AT)
    assert found is not None and (found.amount, found.unit, found.source) == (0.8, "hour", "user_typed")


@pytest.mark.parametrize("text", ["", "about a dollar", "0.80 EUR", "0.80 per day", "1,20"])
def test_what_is_no_price_in_dollars_an_hour_is_not_taken_for_one(text: str) -> None:
    assert billing.typed_price(text, "me", "l4x1", AT) is None
