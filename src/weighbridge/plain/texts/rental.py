"""Lines for rented machines: hardware with its price, how far a rental is, how it ended."""

from __future__ import annotations

from weighbridge.domain.serving.billing import per_hour, price_words
from weighbridge.domain.serving.rental import Hardware, Rental
from weighbridge.domain.serving.rental_words import cost_words, stop_words
from weighbridge.domain.text import clean_line
from weighbridge.session.rental.rental_list import RentalRow

_STATES = {"in_use": "in use", "left": "MAY STILL RUN", "over": "over", "damaged": "DAMAGED"}

NEW_LINES = 3
"""Lines of a log that are shown at once."""


def hardware_line(one: Hardware) -> str:
    """`l4x1: 0.80 USD an hour, 1 x L4 24 GB, 8 vCPU, 30 GB RAM`."""
    memory = f" {one.gpu_memory_bytes / 1e9:.0f} GB" if one.gpu_memory_bytes else ""
    gpu = f"{one.gpus} x {one.gpu}{memory}" if one.gpu else "no GPU"
    price = f"{per_hour(one.price):.2f} USD an hour" if one.price else "price not known"
    return clean_line(f"{one.name}: {price}, {gpu}, {one.cpu}, {one.ram} RAM")


def state_line(rental: Rental) -> str:
    """How far a rental is, in one line: stage and the provider's word."""
    last = rental.stages[-1] if rental.stages else None
    if rental.endpoint and rental.stop is None:
        return clean_line(f"job {rental.job_id}: the server answers at {rental.endpoint}")
    words = [f"job {rental.job_id}: {last.stage if last else 'ordered'}"]
    if last is not None and last.message:
        words.append(last.message)
    return clean_line(", ".join(words), 300)


def new_lines(before: tuple[str, ...], log: tuple[str, ...]) -> tuple[str, ...]:
    """The last lines of a log that came after `before`, a few at most."""
    keep = next((size for size in range(min(len(before), len(log)), 0, -1) if before[-size:] == log[:size]), 0)
    return tuple(clean_line(line, 300) for line in log[keep:][-NEW_LINES:])


def end_line(rental: Rental) -> str:
    """How a rental ended: its proof of stop, and what it cost; of one that may still run what is known so far."""
    why = f" {rental.message}" if rental.message and rental.over else ""
    return clean_line(f"{stop_words(rental)}{_cost(rental)}{why}", 900)


def _cost(rental: Rental) -> str:
    if rental.stop is None:
        return ""
    if rental.over:
        return f" It cost {cost_words(rental)}."
    known = rental.cost is not None and rental.cost.amount_usd is not None
    return f" So far it cost {cost_words(rental)}." if known else " What it costs is not known yet."


def row_line(row: RentalRow) -> str:
    """One line of `weighbridge jobs`."""
    rental = row.rental
    if rental is None:
        return f"{row.id}: {_STATES[row.state]}: its page cannot be read; a job of it that runs is found by its label"
    order = rental.order
    parts = [
        f"{rental.job_id or order.id}: {_STATES[row.state]}",
        rental.stage or "no job yet",
        f"{order.hardware.name} at {price_words(order.hardware.price)}",
        f"at most {order.cap_usd:g} USD, {order.time_limit_s / 60:g} minutes",
        "never started" if rental.never else cost_words(rental) if rental.over else "",
        f"since {order.agreed_at}",
        f"run {order.run_id}",
    ]
    return clean_line(", ".join(part for part in parts if part), 400)
