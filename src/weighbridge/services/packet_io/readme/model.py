"""The parts of the packet's README that speak of the model: its identity, its card, its forecast."""

from __future__ import annotations

from collections.abc import Iterator

from weighbridge.domain.model.card import FIELDS
from weighbridge.services.packet_io.contents import Contents
from weighbridge.services.packet_io.forecast_rows import DIFFERENCE, METHODS
from weighbridge.services.packet_io.markdown import cell, code, table
from weighbridge.services.packet_io.notes.facts import fact_text
from weighbridge.services.packet_io.records.files import RuntimeFile
from weighbridge.services.packet_io.records.model import CardNote, ModelFile


def model_sections(c: Contents) -> list[str]:
    """Nothing where no model was chosen."""
    runtime = c.runtime
    return [
        *(_identity(c.model) if c.model else ()),
        *(_facts(c) if c.card else ()),
        *(_forecast(runtime) if runtime else ()),
    ]


def not_known(c: Contents) -> list[str]:
    """What the route does not owe, and nobody knows all the same. The licence is on the list of what is owed."""
    if c.card is None or c.model is None:
        return []
    told = [(f.title, getattr(c.card, f.name)) for f in FIELDS if f.name != "licence"]
    gaps = [(title, fact.reason) for title, fact in told if fact.status == "missing"]
    if c.model.card.file is None:
        gaps.append(("Model card", c.model.card.missing.get("file", "not recorded")))
    return [f"- not owed, and not known: {title}: {code(why)}" for title, why in gaps]


def _identity(model: ModelFile) -> Iterator[str]:
    yield from ("## Which weights", "")
    for label, value in (
        ("Repository", model.repo),
        ("Revision", model.revision),
        ("File", model.file_name),
        ("Quantization", model.quantization),
    ):
        yield f"- {label}: {code(value) if value else 'unknown'}"
    yield f"- Architecture: {code(model.architecture) if model.architecture else 'unknown'}"
    yield f"- Parameters: {f'{model.n_params:,}' if model.n_params is not None else 'unknown'}"
    yield f"- Size: {f'{model.size_bytes:,} bytes' if model.size_bytes is not None else 'unknown'}"
    yield f"- Known from: {code(model.source)}"
    yield from (f"- SHA-256 {code(row.sha256)}: {row.how}" for row in model.digests)
    if not model.digests:
        yield "- SHA-256: nobody has declared or measured it"
    yield f"- Model card: {_card(model.card)}"
    yield ""


def _card(card: CardNote) -> str:
    if card.sha256 is None:
        return f"not in this packet: {code(card.missing.get('file', 'not recorded'))}"
    what = f"of {code(card.repo or 'unknown')} at {code(card.revision or 'unknown')}, SHA-256 {code(card.sha256)}"
    what += f", read at {code(card.fetched_at or 'unknown')}"
    if card.file:
        return f"`model/README.md`, byte for byte as in the repository, {what}"
    return f"{what}; not in this packet: {code(card.missing.get('file', 'not recorded'))}"


def _facts(c: Contents) -> Iterator[str]:
    assert c.card is not None
    yield from ("## The model card's facts", "")
    facts = [(field.title, getattr(c.card, field.name)) for field in FIELDS]
    yield from (f"- {title}: {fact_text(fact)}" for title, fact in facts)
    if c.licence:
        yield f"- Class of the licence: {c.licence.note.licence_class}; `model/LICENSE-NOTE.md` has the rest"
    yield ""


def _forecast(runtime: RuntimeFile) -> Iterator[str]:
    """Forecast and measurement side by side."""
    rows = runtime.forecast_against_measured
    if runtime.forecast is None or rows is None:
        return
    forecast = runtime.forecast
    yield from ("## Forecast and measurement", "")
    yield f"Forecast by {METHODS[forecast.method]}: {forecast.n_ctx} tokens of context, KV cache {forecast.kv_type}."
    if forecast.fetched_bytes is not None:
        yield f"{forecast.fetched_bytes:,} bytes were fetched for it."
    if forecast.caveat:
        yield f"Caveat: {code(forecast.caveat)}"
    head = ("quantity", "forecast, bytes", "measured, bytes", "difference", "measured by")
    shown = [
        (
            row.quantity,
            _bytes(row.forecast_bytes),
            _bytes(row.measured_bytes),
            "" if row.difference_percent is None else f"{row.difference_percent:+.2f} %",
            cell(row.measured_by),
        )
        for row in rows
    ]
    yield from ("", table(head, shown), "", f"Difference: {DIFFERENCE}.", "")


def _bytes(value: int | None) -> str:
    return "not measured" if value is None else f"{value:,}"
