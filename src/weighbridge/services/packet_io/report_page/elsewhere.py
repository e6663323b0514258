"""The sections on a server, on rented GPUs, on a notebook and on a load test; each only where there was one."""

from __future__ import annotations

from collections.abc import Iterator

from weighbridge.domain.load.records import LoadStep
from weighbridge.domain.packet_elsewhere import price_source, stop_proof
from weighbridge.domain.proof.server_fold import ServerFigures
from weighbridge.domain.serving.billing import price_words
from weighbridge.domain.serving.rental import Rental
from weighbridge.domain.serving.target import Target
from weighbridge.services.packet_io.contents import Contents
from weighbridge.services.packet_io.records.elsewhere import KEY_WORDS, RentalRow
from weighbridge.services.packet_io.report_page.units import (
    NOT_MEASURED,
    fields,
    line,
    mib,
    milliseconds,
    number,
    plain,
    rate,
    seconds,
)
from weighbridge.services.packet_io.report_page.view import Cell, Field, Part, Table

_FACTS = 20
"""Facts of a server that are shown; server.json has them all."""


def sections(c: Contents) -> Iterator[Part]:
    """In the order: where it ran, what that cost, what more requests at once came to."""
    if c.server is not None:
        yield _server(c)
    if c.rentals is not None:
        yield _rentals(c)
    if c.notebook is not None:
        yield _notebook(c)
    if c.load is not None:
        yield _load(c)


def _server(c: Contents) -> Part:
    server = c.server
    assert server is not None
    target, told = server.target, server.connected
    values = {
        "address": target.base_url or "started on this machine",
        "model": target.model,
        "came about": {"given": "named by the person", "started": "started here", "rented": "rented"}[target.origin],
        "engine": f"{told.engine} {told.version}".strip() or None if told else None,
        "max_model_len": told.max_model_len if told else None,
        "models that it lists": len(told.models) or None if told else None,
        "seconds until it was ready": told.waited_s if told else None,
        "hardware": server.hardware,
        **({"API key": KEY_WORDS[server.key]} if server.key in KEY_WORDS else {}),
    }
    gaps = dict.fromkeys(values, "it does not tell") | server.missing
    doubts = server.figures.doubts if server.figures else ()
    return Part(
        id="server",
        title="Server",
        paragraphs=(
            f"A server answered. {_weights(target)} What it told of itself stands here as it told it, beside what the "
            "client measured, and is never mixed with that.",
            *(f"Doubt on its account: {line(one)}" for one in doubts),
        ),
        fields=(
            *fields(values, gaps),
            *(Field(line(name), line(text)) for name, text in list(told.facts.items() if told else ())[:_FACTS]),
        ),
        tables=(_account(server.figures, c),) if server.figures else (),
    )


def _weights(target: Target) -> str:
    if target.origin == "started":
        return "It was started here, with the files that are named under Model."
    return "Its weights were not seen: there is no digest of them."


def _account(figures: ServerFigures, c: Contents) -> Table:
    proof = c.runtime.proof.figures if c.runtime and c.runtime.proof else None
    sources = ", ".join(map(line, figures.sources)) or "no source beside its answers"
    gap = f" Memory is not known: {line(figures.memory_missing)}." if figures.memory_missing else ""
    shown = {
        "prefill, by its own counts and times": rate(proof.engine_prefill_tokens_per_s if proof else None),
        "decode, by its own counts and times": rate(proof.engine_decode_tokens_per_s if proof else None),
        "memory, largest": mib(figures.memory_bytes),
        "GPU memory, largest": mib(figures.gpu_memory_bytes),
        "GPU memory in all": mib(figures.gpu_memory_total_bytes),
        "KV cache in use, largest": _percent(figures.kv_cache_percent),
        "requests worked on at once, most": _count(figures.running),
        "requests waiting, most": _count(figures.waiting),
        "pieces of text that arrived": _count(figures.pieces),
        "answers with a prefix from its cache": _count(figures.reused),
    }
    return Table(
        f"The server during the proof, told by {sources}.{gap}",
        (Cell("figure"), Cell("value", "number")),
        tuple((Cell(name), number(value)) for name, value in shown.items()),
    )


def _percent(value: float | None) -> str:
    return NOT_MEASURED if value is None else f"{value:.1f} %"


def _count(value: int | None) -> str:
    return NOT_MEASURED if value is None else f"{value:,}"


def _rentals(c: Contents) -> Part:
    assert c.rentals is not None
    rows = c.rentals.rows
    known = c.rentals.rented_usd
    total = "what all of it has cost is not known" if known is None else f"all of it has cost {known:.4f} USD"
    return Part(
        id="rentals",
        title="Rented GPUs",
        paragraphs=(f"{len(rows)} rented; {total}.", line(c.rentals.rule), f"Not in the packet: {c.rentals.withheld}."),
        fields=(Field("price per hour in the plan", line(c.rentals.typed_price) or "none"),),
        tables=(
            Table(
                "Cost and stop of each",
                (
                    *(Cell("job"), Cell("hardware"), Cell("price"), Cell("cost", "number"), Cell("cap")),
                    *(Cell("stop"), Cell("what shows it")),
                ),
                tuple(_rental(row) for row in rows),
                stacked=True,
            ),
            Table(
                "Stages as the provider told them",
                (Cell("job"), Cell("at"), Cell("stage"), Cell("message")),
                tuple(
                    (Cell(_name(row.rental)), Cell(line(one.at)), Cell(line(one.stage)), Cell(line(one.message)))
                    for row in rows
                    for one in row.rental.stages
                ),
            ),
        ),
    )


def _name(rental: Rental) -> str:
    return line(rental.job_id or rental.order.id)


def _rental(row: RentalRow) -> tuple[Cell, ...]:
    rental, price = row.rental, row.rental.order.hardware.price
    cost = rental.cost.amount_usd if rental.cost else None
    said = f"{price_words(price)} ({price_source(price)})" if price else "not known"
    if row.within_cap is None:
        cap = Cell("not known", "absent")
    else:
        words = f"{rental.order.cap_usd:g} USD"
        cap = Cell(f"✓ within {words}", "good") if row.within_cap else Cell(f"✗ ABOVE {words}", "bad")
    proof = stop_proof(rental)
    stop = Cell("✓ proven", "good") if row.proven else Cell("✗ NOT PROVEN", "bad")
    shows = Cell(line(proof.text if row.proven else proof.reason))
    amount = number(NOT_MEASURED if cost is None else f"{cost:.4f} USD")
    return Cell(_name(rental)), Cell(line(rental.order.hardware.name)), Cell(line(said)), amount, cap, stop, shows


def _notebook(c: Contents) -> Part:
    assert c.notebook is not None
    said = c.notebook.runtime.model_dump(exclude={"inside"})
    reset = {True: "RESET underway: the boot id differs at the end.", False: "Not reset: one boot id.", None: ""}
    known = {name: value if value != "" else None for name, value in said.items()}
    return Part(
        id="notebook",
        title="Notebook",
        paragraphs=(reset[c.notebook.was_reset] or "Whether its runtime was reset underway is not known.",),
        fields=fields(known, c.notebook.missing),
    )


def _load(c: Contents) -> Part:
    load = c.load
    assert load is not None
    return Part(
        id="load",
        title="Load",
        paragraphs=(
            f"The same cases at several requests at once, at {line(load.at)}. Ended: {plain(load.ended)}. Percentiles "
            "stand where there are enough values for them; times are the client's, tokens are the server's count.",
            *([line(load.message)] if load.message else []),
        ),
        tables=(
            Table(
                "Throughput and latency at each concurrency",
                (
                    Cell("at once", "number"),
                    *(Cell(name, "number") for name in ("answers", "errors", "requests/s", "tokens/s")),
                    *(Cell(name, "number") for name in ("TTFT median", "TTFT p95", "between pieces", "answer median")),
                ),
                tuple(_step(step) for step in load.steps),
                stacked=True,
            ),
        ),
        items=tuple(line(one) for step in load.steps for one in step.error_sentences),
    )


def _step(step: LoadStep) -> tuple[Cell, ...]:
    p95 = step.ttft_s.p95 if step.ttft_s else None
    served = NOT_MEASURED if step.requests_per_s is None else f"{step.requests_per_s:,.2f}"
    return (
        Cell(f"{step.concurrency}", "number"),
        Cell(f"{step.requests} of {step.planned}", "number"),
        Cell(f"✗ {step.errors}", "bad") if step.errors else Cell("0", "number"),
        number(served),
        number(rate(step.output_tokens_per_s)),
        number(seconds(step.ttft_s.median if step.ttft_s else None)),
        number("too few" if step.ttft_s and p95 is None else seconds(p95)),
        number(milliseconds(step.itl_s.median if step.itl_s else None)),
        number(seconds(step.total_s.median if step.total_s else None)),
    )
