"""The forecast beside what was measured: the engine's own report of its buffers, and the memory of its process."""

from __future__ import annotations

from weighbridge.domain.model.forecast import Forecast
from weighbridge.domain.proof.events import Loaded
from weighbridge.domain.proof.measure import JobFigures
from weighbridge.domain.proof.settings import HeardSettings
from weighbridge.services.packet_io.csv_rows import as_csv, cell
from weighbridge.services.packet_io.records.files import Comparison, ForecastMethod, ProofNote

COLUMNS = tuple(Comparison.model_fields)
METHODS: dict[ForecastMethod, str] = {
    "engine": "a dry load: the engine's own allocator, without the weights",
    "formula": "the formula, from the header alone",
}
DIFFERENCE = "100 * (forecast - measured) / measured: above 0 the forecast was too high"
_ENGINE = "the engine's report when the model was loaded"
_PEAK = "peak RSS of the proof's process"


def incomparable(
    forecast: Forecast | None, proof: ProofNote | None, settings: HeardSettings, model_sha256: str | None
) -> str:
    """Why a forecast does not speak of a proof; else empty. `settings`: the proof's; the digest: the model's."""
    if forecast is None:
        return "no forecast was made"
    if proof is None:
        return "the proof has not run"
    if proof.model_sha256 != model_sha256:
        return "the forecast is of another model than the proof"
    if forecast.n_ctx != settings.n_ctx:
        return f"the forecast is for a context of {forecast.n_ctx} tokens, the proof ran with {settings.n_ctx}"
    if forecast.kv_type != settings.kv_type:
        return f"the forecast is for a KV cache of type {forecast.kv_type}, the proof ran with {settings.kv_type}"
    if (forecast.gpu.wished if forecast.gpu else 0) != settings.n_gpu_layers:
        return "the forecast is for another number of layers on the GPU than the proof"
    if forecast.n_batch not in (None, settings.n_batch):
        return f"the forecast is for batches of {forecast.n_batch} tokens, the proof ran with {settings.n_batch}"
    return ""


def compare(forecast: Forecast, loaded: Loaded | None, figures: JobFigures) -> tuple[Comparison, ...]:
    """Each part of the forecast beside the engine's own figure, and the whole beside the peak of the process."""
    peak = figures.peak_rss_bytes
    said: dict[str, int | None] = loaded.model_dump() if loaded else {}
    pairs: dict[str, tuple[int, int | None, str]] = {
        "weights": (forecast.weights_bytes, said.get("model_buffer_bytes"), _ENGINE),
        "KV cache": (forecast.kv_bytes, said.get("kv_buffer_bytes"), _ENGINE),
        "compute buffer": (forecast.compute_bytes, said.get("compute_buffer_bytes"), _ENGINE),
        "output buffer": (forecast.output_bytes, said.get("output_buffer_bytes"), _ENGINE),
        "process": (forecast.process_bytes, figures.baseline_rss_bytes, "RSS of the process before it loads anything"),
        "engine's tables and scratch": (forecast.overhead_bytes, None, "nothing reports it apart; the total holds it"),
        "repacked weights, at most": (forecast.repack_bytes, said.get("repack_buffer_bytes"), _ENGINE),
        "total without repacked weights": (forecast.total_bytes, peak, _PEAK),
        "total at most": (forecast.total_max_bytes, peak, _PEAK),
    }
    return tuple(
        Comparison(
            quantity=name,
            forecast_bytes=before,
            forecast_by=forecast.method,
            measured_bytes=seen,
            measured_by=how,
            difference_percent=_difference(before, seen),
        )
        for name, (before, seen, how) in pairs.items()
    )


def _difference(before: int, seen: int | None) -> float | None:
    return round(100 * (before - seen) / seen, 2) if seen else None


def forecast_csv(rows: tuple[Comparison, ...]) -> str:
    """resources/forecast.csv. An empty cell was not measured."""
    return as_csv(COLUMNS, [{name: cell(getattr(row, name)) for name in COLUMNS} for row in rows])
