"""A memory and disk forecast as lines."""

from __future__ import annotations

from weighbridge.domain.model.forecast import DISK_MARGIN_BYTES, Forecast, Verdict
from weighbridge.domain.model.gpu_split import GpuShare
from weighbridge.plain.texts.figures import mib, table

WORDS: dict[str, str] = {
    "fits": "fits",
    "tight": "tight",
    "does_not_fit": "does not fit",
    "unknown": "unknown",
    "refused": "refused",
}
"""Verdicts as a table shows them."""
_VERDICTS: dict[Verdict, str] = {
    "fits": "fits: the most it may need is within 85 % of the available memory",
    "tight": "tight: the least it needs is available, the most it may need is not, or only just",
    "does_not_fit": "does not fit: even the least it needs is not available",
    "unknown": "unknown: this system does not tell the available memory",
    "refused": "refused: the engine does not take this file with these settings, whatever memory there is",
}
_METHODS = {
    "engine": "engine: a dry load in llama.cpp's own allocator, without the weights",
    "formula": "formula: from the header alone",
}


def forecast_text(made: Forecast) -> str:
    """A refusal, if there is one; parts, total, what is available, verdict, disk and method."""
    kv = f"{mib(made.kv_bytes)} at a context of {made.n_ctx:,} tokens, type {made.kv_type}"
    most = f", or {mib(made.total_max_bytes)} if the engine copies the weights" if made.repack_bytes else ""
    pairs = [("REFUSED", f"{made.refusal} The figures below are by arithmetic alone.")] if made.refusal else []
    pairs += [
        ("weights", mib(made.weights_bytes)),
        ("KV cache", kv),
        ("compute buffer", mib(made.compute_bytes)),
        ("output buffer", mib(made.output_bytes)),
        ("process", mib(made.process_bytes)),
        ("vocabulary, scratch", mib(made.overhead_bytes)),
        ("needed", mib(made.total_bytes) + most),
        ("available", _known(made.available_bytes)),
        ("verdict", _VERDICTS[made.verdict]),
        ("largest context", _largest(made)),
        ("disk", _disk(made)),
        ("method", f"{_METHODS[made.method]}{'; ' if made.caveat else ''}{made.caveat}"),
    ]
    if made.gpu is not None:
        pairs.insert(-3, ("GPU", gpu_line(made.gpu)))
    if made.beyond_trained:
        pairs.insert(-2, ("WARNING", made.beyond_trained))
    if made.fetched_bytes is not None:
        pairs.append(("fetched", f"{made.fetched_bytes:,} bytes for this forecast"))
    return table(pairs)


def gpu_line(share: GpuShare) -> str:
    """Layers and memory that a GPU has to hold, and what is free there."""
    need = f"{share.layers} of {share.of} layers need {mib(share.total_bytes)} there at most"
    parts = f"weights {mib(share.weights_bytes)}, KV cache {mib(share.kv_bytes)}, compute {mib(share.compute_bytes)}"
    verdict = {None: "", True: ": fits", False: ": DOES NOT FIT"}[share.fits]
    return f"{need} ({parts}); free {_known(share.free_bytes)}{verdict}{share.more_wished}"


def _known(size: int | None) -> str:
    return "not known" if size is None else mib(size)


def _largest(made: Forecast) -> str:
    if made.refusal:
        return "none: the engine refuses the file"
    if made.max_ctx is not None:
        trained = made.max_ctx == made.n_ctx_train
        return f"{made.max_ctx:,} tokens fit" + (", all that the model was trained for" if trained else "")
    return "not known" if made.available_bytes is None else "none fits"


def _disk(made: Forecast) -> str:
    free = f"{_known(made.disk_free_bytes)} free"
    if not made.disk_needed_bytes:
        return f"nothing to download; {free}"
    short = f": NOT ENOUGH, as {mib(DISK_MARGIN_BYTES)} stay free" if made.disk_suffices is False else ""
    return f"{mib(made.disk_needed_bytes)} to download, {free}{short}"
