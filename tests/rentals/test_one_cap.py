"""The cap is the most that a run may spend: what its earlier rentals cost is named, and taken off."""

from __future__ import annotations

import pytest
from fakejobs.fake_jobs import FakeJobs
from rental_steps import rented

from weighbridge.domain.problems import BadInput
from weighbridge.domain.serving.rental import Rental
from weighbridge.domain.serving.rental_words import agreement, buys_words, spent_words
from weighbridge.services.packet_io.fill.elsewhere import rental_row
from weighbridge.session import Session
from weighbridge.session.rental import renting


async def spent(renter: Session, usd: float) -> Rental:
    """A rental that is over, and has cost so much."""
    await rented(renter)
    back = await renting.give_back(renter)
    assert back.cost is not None
    made = back.model_copy(update={"cost": back.cost.model_copy(update={"amount_usd": usd})})
    renter.keep(renter.run.model_copy(update={"rentals": (made,)}))
    return made


async def test_what_earlier_rentals_cost_is_taken_off_the_cap_and_named(renter: Session, service: FakeJobs) -> None:
    await spent(renter, 0.36)
    order = await renting.order_of(renter)
    assert (order.cap_usd, order.earlier_usd) == (1.0, 0.36)
    assert order.time_limit_s == 47 * 60, "0.64 USD at 0.013333 a minute, less the last one"
    assert "under your cap of 1.00 USD for this run. The run's earlier rentals cost 0.36 USD of it." in agreement(order)
    row = buys_words(1.0, order.hardware.price, 0.36)
    assert row.startswith("0.36 USD of 1.00 USD went to earlier rentals of this run; 0.64 USD buy 47 minutes")
    assert spent_words(Rental(order=order), order.agreed_at).endswith("0.00 + 0.36 before of 1.00 USD")
    second = await rented(renter)
    assert second.order.earlier_usd == 0.36 and len(renter.run.rentals) == 2
    costly = second.model_copy(update={"cost": renter.run.rentals[0].cost})
    assert rental_row(costly).within_cap and costly.cost is not None
    dear = costly.model_copy(update={"cost": costly.cost.model_copy(update={"amount_usd": 0.7})})
    assert not rental_row(dear).within_cap, "0.70 and 0.36 are more than the cap"


async def test_nothing_is_rented_where_nothing_of_the_cap_is_left(renter: Session, service: FakeJobs) -> None:
    await spent(renter, 0.95)
    with pytest.raises(BadInput, match=r"The run's earlier rentals cost 0\.95 of 1 USD: 0\.05 USD last for") as said:
        await renting.order_of(renter)
    assert said.value.hint == "Allow at least 1.03 USD in all, or choose cheaper hardware."
    assert not service.living()


async def test_an_earlier_rental_of_unknown_cost_counts_with_its_most(renter: Session, service: FakeJobs) -> None:
    made = await spent(renter, 0.36)
    renter.keep(renter.run.model_copy(update={"rentals": (made.model_copy(update={"cost": None}),)}))
    with pytest.raises(BadInput, match=r"earlier rentals cost 0\.9866 of 1 USD"):
        await renting.order_of(renter)
