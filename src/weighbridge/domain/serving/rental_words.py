"""A rental as a person reads it: what it is doing, what it has cost so far, and what proves that it stopped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from weighbridge.domain.problems import BadInput
from weighbridge.domain.serving.billing import cost_of, most_usd, per_hour, per_minute, time_limit_s
from weighbridge.domain.serving.rental import Hardware, Order, Price, Rental
from weighbridge.domain.serving.stop_words import endpoint_words, stage_words

UNKNOWN = "not known"
RUNNING = "RUNNING"
"""The stage from which on a job's seconds are billed."""


def money(usd: float | None) -> str:
    """US dollars: cents, and four digits of what is less than ten of them."""
    if usd is None:
        return UNKNOWN
    return f"{usd:,.4f} USD" if 0 < usd < 0.1 else f"{usd:,.2f} USD"


def both_prices(price: Price | None) -> str:
    """`0.0133 USD a minute, 0.80 an hour`."""
    if price is None:
        return "price not told"
    return f"{float(per_minute(price)):,.4f} USD a minute, {per_hour(price):,.2f} an hour"


def hardware_words(one: Hardware) -> str:
    """`1 x L4, 24 GB`: the GPUs, each with so much memory; else processor and memory."""
    if not one.gpus:
        return " · ".join(part for part in (one.cpu, one.ram) if part) or one.title
    memory = f", {one.gpu_memory_bytes / 1e9:,.0f} GB" if one.gpu_memory_bytes else ""
    return f"{one.gpus} x {one.gpu or 'GPU'}{memory}"


def buys_words(cap_usd: float | None, price: Price | None, earlier_usd: float = 0.0) -> str:
    """What is left of a cap buys: minutes, after which the provider ends the job by itself."""
    if cap_usd is None:
        return "no cap is typed yet: nothing is rented without one"
    left = money(cap_usd)
    if earlier_usd:
        left = f"{money(earlier_usd)} of {left} went to earlier rentals of this run; {money(cap_usd - earlier_usd)}"
    if price is None:
        return f"{left}; how long it lasts is not known without a price"
    try:
        limit = time_limit_s(cap_usd, price, earlier_usd)
    except BadInput as problem:
        return f"! {problem} {problem.hint}"
    return f"{left} buy {limit // 60:,} minutes; then the provider ends the job by itself"


def agreement(order: Order) -> str:
    """What is agreed to, before anything is started: machine, price, time and the most that it can cost."""
    said = f"Rent {order.hardware.name} ({hardware_words(order.hardware)}) at {both_prices(order.hardware.price)}? "
    most, minutes = most_usd(order), order.time_limit_s // 60
    before = f" The run's earlier rentals cost {money(order.earlier_usd)} of it." if order.earlier_usd else ""
    return (
        f"{said}It serves {order.repo} with {order.engine} ({order.image}). The provider ends it after {minutes:,} "
        f"minutes at the latest: {money(most)} at most, under your cap of {money(order.cap_usd)} for this run.{before}"
    )


def running_s(rental: Rental, now: str) -> float | None:
    """Seconds since it runs; the provider's own once it is over. None: it does not run yet. `now`: ISO 8601 UTC."""
    if rental.cost is not None:
        return rental.cost.seconds
    began = next((stage.at for stage in rental.stages if stage.stage == RUNNING), None)
    return max(0.0, _seconds(began, rental.stop.at if rental.stop else now)) if began else None


def _seconds(begin: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds()


def spent_usd(rental: Rental, now: str) -> float | None:
    """What it has cost so far; 0 before it runs, None where the price is not known."""
    if rental.cost is not None:
        return rental.cost.amount_usd
    return cost_of(rental.order, running_s(rental, now) or 0.0, "").amount_usd


def clock(seconds: float) -> str:
    """`42 s`, `12 min 04 s`, `1 h 05 min`."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    return (
        f"{whole // 60} min {whole % 60:02d} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    )


def spent_words(rental: Rental, now: str) -> str:
    """`12 min 04 s · 0.16 of 1.00 USD`: how long it runs, and what of the cap is spent, by earlier ones too."""
    ran, spent = running_s(rental, now), spent_usd(rental, now)
    so_far = UNKNOWN if spent is None else f"{spent:,.2f}"
    doing = clock(ran) if ran is not None else rental.stage.lower() or "asked for"
    before = f" + {rental.order.earlier_usd:,.2f} before" if rental.order.earlier_usd else ""
    return f"{doing} · {so_far}{before} of {money(rental.order.cap_usd)}"


def stop_words(rental: Rental) -> str:
    """What proves that nothing runs any more; else what is not proven."""
    if rental.never:
        return "No job was ever made, so nothing was billed."
    stop = rental.stop
    if stop is None:
        return "It was not stopped yet."
    proof = "Proof of stop" if stop.proven else "The stop is NOT proven"
    return f"{proof}: job {rental.job_id} {stage_words(stop)}, and {endpoint_words(rental, stop)}."


def cost_words(rental: Rental) -> str:
    """Seconds x price, and the person's own price beside it."""
    cost = rental.cost
    if cost is None:
        return UNKNOWN
    seconds = f"{cost.seconds:,.0f} s ({cost.seconds_source})" if cost.seconds is not None else "seconds not known"
    typed = f"; {money(cost.typed_amount_usd)} at your own price" if cost.typed_amount_usd is not None else ""
    return f"{money(cost.amount_usd)}: {seconds} at {both_prices(cost.price)}{typed}"


def told(rental: Rental, now: str) -> Iterator[tuple[str, str]]:
    """Name and value of what is known of a rental, in the order in which it comes to be known."""
    yield "Job", " · ".join(part for part in (rental.job_id or "no id yet", rental.url) if part)
    stages = ", ".join(f"{stage.stage} {stage.at[11:19]}" for stage in rental.stages[-6:])
    yield "Stages", stages or "none told yet"
    if rental.stages and rental.stages[-1].message:
        yield "Says", rental.stages[-1].message
    if rental.log_tail and not rental.endpoint:
        yield "Log", rental.log_tail[-1]
    if rental.endpoint:
        yield "Endpoint", rental.endpoint
    if rental.message:
        yield "! Failed", rental.message
    if rental.stop is not None or rental.never:
        yield "Stop", stop_words(rental)
        yield "Cost", cost_words(rental)
    else:
        yield "So far", spent_words(rental, now)
