"""Step 5 in words: the forecast part by part, the file, and a refusal with its way out."""

from __future__ import annotations

from collections.abc import Iterator

from weighbridge.domain import flow
from weighbridge.domain.model.choice import ModelChoice
from weighbridge.domain.model.forecast import DISK_MARGIN_BYTES, Forecast
from weighbridge.domain.model.gpu_split import GpuShare
from weighbridge.domain.run import Run
from weighbridge.tui.widgets.figures import mib, number
from weighbridge.tui.widgets.sheet import Row, Tone

METHODS = {"engine": "by the engine itself: its own allocator, without loading", "formula": "by formula"}
VERDICTS: dict[str, tuple[str, Tone]] = {
    "fits": ("✓ fits, with at least 15 % to spare", "good"),
    "tight": ("! tight: more than 85 % of it may be needed", "warn"),
    "does_not_fit": ("✗ does not fit", "bad"),
    "unknown": ("– unknown: this system does not say how much memory is available", "warn"),
    "refused": ("✗ refused: the engine does not take this file with these settings", "bad"),
}


def forecast_rows(forecast: Forecast, weighing: bool) -> Iterator[Row]:
    """The forecast, part by part, and how it was obtained. `weighing`: the engine is asked for a better one."""
    if forecast.refusal:
        yield Row("! refused", f"{forecast.refusal} The figures below are by arithmetic alone.", "bad")
    parts = (
        ("weights", forecast.weights_bytes),
        ("KV cache", forecast.kv_bytes),
        ("compute", forecast.compute_bytes),
        ("output", forecast.output_bytes),
        ("process", forecast.process_bytes),
        ("overhead", forecast.overhead_bytes),
    )
    yield Row("Forecast", " + ".join(f"{name} {size / 2**20:,.0f}" for name, size in parts) + " MiB")
    most = f"; up to {mib(forecast.total_max_bytes)} if the engine copies weights" if forecast.repack_bytes else ""
    yield Row("  method", METHODS[forecast.method] + (" · weighing…" if weighing else ""))
    yield Row("  need", f"{mib(forecast.total_bytes)} at {forecast.n_ctx:,} tokens of context{most}", "head")
    if forecast.gpu is not None:
        yield Row("  on the GPU", gpu_words(forecast.gpu), "bad" if forecast.gpu.fits is False else "text")
    yield Row("  available", mib(forecast.available_bytes))
    words, tone = VERDICTS[forecast.verdict]
    yield Row("  verdict", words, tone)
    trained = forecast.max_ctx is not None and forecast.max_ctx == forecast.n_ctx_train
    all_of_it = ", all that the model was trained for" if trained else ""
    yield Row("  largest ctx", f"{number(forecast.max_ctx)} tokens would still fit{all_of_it}")
    if forecast.beyond_trained:
        yield Row("! context", forecast.beyond_trained, "warn")
    if forecast.caveat:
        yield Row("  caveat", forecast.caveat, "warn")


def file_rows(model: ModelChoice, forecast: Forecast | None, loading: bool, have: int = 0) -> Iterator[Row]:
    """Whether the file is here, what it takes on the disk, and what was fetched to know all this.

    `have`: bytes of it that an earlier download left.
    """
    if model.to_download:
        size = mib(model.size_bytes)
        waits = (
            f"{have / 2**20:,.0f} of {size} are here: ctrl+d goes on"
            if have
            else f"not here yet: ctrl+d fetches {size}"
        )
        yield Row("File", f"{size} are being fetched" if loading else waits, "head")
    elif model.kind == "hub":
        checked = (
            "✓ here, with its SHA-256 checked" if model.declared_sha256 else "here; the Hub declares no SHA-256 of it"
        )
        yield Row("File", checked, "good" if model.declared_sha256 else "text")
    if forecast is None:
        return
    if model.to_download and forecast.disk_needed_bytes:
        enough = forecast.disk_suffices is not False
        words = f"{mib(forecast.disk_needed_bytes)} needed, {mib(forecast.disk_free_bytes)} free"
        words = words if enough else f"✗ too little: {words}, and {mib(DISK_MARGIN_BYTES)} stay free"
        yield Row("  disk", words, "text" if enough else "bad")
    if forecast.fetched_bytes is not None:
        yield Row("  fetched", f"{forecast.fetched_bytes / 2**20:,.1f} MiB for this forecast")


def refusal_rows(run: Run) -> Iterator[Row]:
    """The memory refusal with the way out, or the override on record."""
    if run.forecast is None or run.forecast.verdict != "does_not_fit":
        return
    override = run.memory_override
    if override:
        yield Row("  accepted", f"{override.reason} ({override.at})", "warn")
    else:
        yield Row("! refused", flow.memory_refusal(run), "bad")
        yield Row("  way out", "Lower the context, choose a smaller model, or press ctrl+o to accept the risk.")


def gpu_words(share: GpuShare) -> str:
    """Layers there, what they need, and whether that is free."""
    fits = {None: "", True: ": fits", False: ": does not fit"}[share.fits]
    free = f"{mib(share.free_bytes)} free{fits}" if share.free_bytes is not None else "free memory not known"
    return f"{share.layers} of {share.of} layers need {mib(share.total_bytes)} at most; {free}{share.more_wished}"
