"""Money and time of a rental: how long a cap lasts, and what the seconds cost. US dollars; unknown stays null."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from weighbridge.domain.problems import BadInput, Refused
from weighbridge.domain.serving.rental import Cost, Order, Price, Rental

LEAST_MINUTES = 5
"""A server fetches its image and its model first: less time than this buys no answer."""
KEPT_BACK_MINUTES = 1
"""Billing is by the started minute, and a job needs some seconds to end: the last minute is not given away."""
MOST_S = 24 * 3600
"""Longest rental: a forgotten job ends within a day, however high the cap."""
_TYPED = re.compile(
    r"(?:US)?\$?\s*(\d+(?:\.\d+)?|\.\d+)\s*(?:\$|USD)?\s*(?:/|per|an?)?\s*(?:h|hr|hour)?", re.IGNORECASE
)


class PriceChanged(Refused):
    """The provider asks another price than the one that the person agreed to."""

    def __init__(self, agreed: Price | None, present: Price | None) -> None:
        super().__init__(
            f"The price changed: {price_words(agreed)} was agreed to, and it is {price_words(present)} now.",
            "Nothing was started. Agree to the new price, or choose other hardware.",
        )
        self.agreed, self.present = agreed, present


def per_minute(price: Price) -> Decimal:
    """US dollars a minute, exactly."""
    amount = Decimal(str(price.amount))
    return amount / 60 if price.unit == "hour" else amount


def per_hour(price: Price) -> float:
    """US dollars an hour."""
    return float(per_minute(price) * 60)


def price_words(price: Price | None) -> str:
    """A price as a person reads it."""
    return f"{per_hour(price):,.4g} USD an hour" if price is not None else "not known"


def same_price(one: Price | None, other: Price | None) -> bool:
    """Whether two prices cost the same; unknown ones never do."""
    return one is not None and other is not None and per_minute(one) == per_minute(other)


def time_limit_s(cap_usd: float, price: Price, earlier_usd: float = 0.0) -> int:
    """Seconds after which the provider has to end the job so that the cap holds, in whole minutes.

    `earlier_usd`: what earlier rentals under the same cap have cost. BadInput where what is left of the cap buys less
    than a server needs to start.
    """
    minute = per_minute(price)
    if minute == 0:
        return MOST_S
    left = Decimal(str(cap_usd)) - Decimal(str(earlier_usd))
    minutes = int((left / minute).to_integral_value(ROUND_FLOOR)) - KEPT_BACK_MINUTES
    if minutes < LEAST_MINUTES:
        spent = f"The run's earlier rentals cost {earlier_usd:.4g} of {cap_usd:g} USD: " if earlier_usd else ""
        least = (least_cap(price) + Decimal(str(earlier_usd))).quantize(Decimal("0.01"), ROUND_CEILING)
        raise BadInput(
            f"{spent}{max(float(left), 0.0):.4g} USD last for {max(minutes, 0)} minutes at {price_words(price)}, "
            f"and a server needs {LEAST_MINUTES} to start.",
            f"Allow at least {least} USD{' in all' if spent else ''}, or choose cheaper hardware.",
        )
    return min(minutes * 60, MOST_S)


def least_cap(price: Price) -> Decimal:
    """The smallest cap that a server can start under, rounded up to a cent."""
    return ((LEAST_MINUTES + KEPT_BACK_MINUTES) * per_minute(price)).quantize(Decimal("0.01"), ROUND_CEILING)


def most_usd(order: Order) -> float | None:
    """What the rental costs if it lasts to its time limit; null where the price is not known."""
    price = order.hardware.price
    return float(per_minute(price) * order.time_limit_s / 60) if price is not None else None


def earlier_usd(rentals: Iterable[Rental]) -> float:
    """What rentals that are over have spent of a cap, US dollars; one that may still run bars every other.

    One whose cost is not known counts with the most that it can be.
    """
    return round(sum(_spent(one) for one in rentals if one.over and not one.never), 6)


def _spent(rental: Rental) -> float:
    known = rental.cost.amount_usd if rental.cost is not None else None
    return known if known is not None else most_usd(rental.order) or 0.0


def cost_of(order: Order, seconds: float | None, source: str) -> Cost:
    """Seconds x price, of the provider and of the person. `source`: how the seconds are known."""
    price = order.hardware.price
    return Cost(
        seconds=seconds,
        seconds_source=source,
        price=price,
        amount_usd=_amount(seconds, price),
        typed_amount_usd=_amount(seconds, order.typed_price),
        note="Running seconds x price. The provider bills started minutes, and those in which the machine starts: "
        "its invoice may be higher by them.",
    )


def _amount(seconds: float | None, price: Price | None) -> float | None:
    if seconds is None or price is None:
        return None
    return round(float(per_minute(price) * Decimal(str(seconds)) / 60), 6)


def typed_price(text: str, provider: str, sku: str, now: str) -> Price | None:
    """The person's own price per hour ("0.80", "$0.80/h", "0.80 USD an hour"); None where the text is no price."""
    found = _TYPED.fullmatch(text.strip())
    if found is None:
        return None
    return Price(amount=float(found[1]), unit="hour", provider=provider, sku=sku, source="user_typed", retrieved_at=now)
