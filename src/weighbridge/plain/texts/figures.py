"""Figures as text, with their units; what was not measured is said so."""

from __future__ import annotations

from collections.abc import Callable

from weighbridge.domain.proof.live import LiveView
from weighbridge.domain.proof.measure import FORMULAS, JobFigures
from weighbridge.domain.proof.noise import RULE
from weighbridge.domain.proof.phase_words import phase_words
from weighbridge.domain.verdict.stats import P95_FROM

NOT_MEASURED = "not measured"


def counted(number: int, noun: str) -> str:
    """`1 thread`, `2 threads`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def mib(size: int | None) -> str:
    return NOT_MEASURED if size is None else f"{size / 2**20:,.0f} MiB"


def seconds(value: float | None) -> str:
    return NOT_MEASURED if value is None else f"{value:.2f} s"


def milliseconds(value: float | None) -> str:
    return NOT_MEASURED if value is None else f"{value * 1000:.1f} ms"


def rate(value: float | None) -> str:
    return NOT_MEASURED if value is None else f"{value:.1f} tokens/s"


def number(value: float | None) -> str:
    return NOT_MEASURED if value is None else f"{value:g}"


def setting(value: float | str | None) -> str:
    """A runtime setting, as a person would type it."""
    if value is None:
        return "auto"
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)


def rows(figures: JobFigures) -> list[tuple[str, str]]:
    """Name and value of every figure of a job. Those that only some jobs have are left out of the others."""
    attempts = [f"{a.mode}: {a.outcome} ({a.reason})" for a in figures.attempts]
    return [
        ("attempts", "; ".join(attempts)),
        *_some(("answers", number(figures.requests), (figures.requests or 0) > 1)),
        ("prompt tokens", number(figures.prompt_tokens)),
        ("output tokens", number(figures.output_tokens)),
        *_latency(figures),
        *_memory_rows(figures),
        ("threads", _threads(figures)),
        ("processor time", seconds(figures.cpu_s)),
        ("load average", f"{number(figures.load1_before)} before, {number(figures.load1_after)} after"),
        (
            "sampler",
            NOT_MEASURED if figures.sampler_percent is None else f"{figures.sampler_percent:.2f} % of one core",
        ),
    ]


def _some(*pairs: tuple[str, str, bool]) -> list[tuple[str, str]]:
    """The pairs whose third part holds."""
    return [(name, text) for name, text, holds in pairs if holds]


def _latency(figures: JobFigures) -> list[tuple[str, str]]:
    p95 = milliseconds(figures.itl_p95_s)
    if figures.itl_p95_s is None and figures.itl_max_s is not None:
        p95 = f"not said of fewer than {P95_FROM} gaps"
    return [
        ("load", seconds(figures.load_s)),
        ("TTFT", seconds(figures.ttft_s) + _range(figures, "ttft_s", seconds)),
        *_some(("TTFT, prefix kept", seconds(figures.ttft_reused_s), figures.ttft_reused_s is not None)),
        ("prefill", rate(figures.prefill_tokens_per_s) + _range(figures, "prefill_tokens_per_s", rate)),
        ("  by the engine", rate(figures.engine_prefill_tokens_per_s)),
        ("decode", rate(figures.decode_tokens_per_s) + _range(figures, "decode_tokens_per_s", rate)),
        ("  by the engine", rate(figures.engine_decode_tokens_per_s)),
        *(("they disagree", sentence) for sentence in figures.disagreements),
        ("ITL p50", milliseconds(figures.itl_p50_s)),
        ("ITL p95", p95),
        ("ITL max", milliseconds(figures.itl_max_s)),
        ("end to end", seconds(figures.total_s) + _range(figures, "total_s", seconds)),
        *_some(("unstable", ", ".join(figures.unstable), bool(figures.unstable))),
    ]


def _range(figures: JobFigures, name: str, shown: Callable[[float | None], str]) -> str:
    """What stands beside a median: of how many values, and between which; nothing beside a single one."""
    spread = figures.spreads.get(name)
    if spread is None or spread.n < 2:
        return ""
    return f" (median of {spread.n}, {shown(spread.low)} to {shown(spread.high)})"


def _memory_rows(figures: JobFigures) -> list[tuple[str, str]]:
    return [
        ("peak RSS", mib(figures.peak_rss_bytes)),
        ("RSS anonymous", mib(figures.rss_anon_bytes)),
        ("RSS file-backed", mib(figures.rss_file_bytes)),
        ("RSS before load", mib(figures.baseline_rss_bytes)),
        ("USS", mib(figures.uss_bytes)),
        ("PSS", mib(figures.pss_bytes)),
        ("in swap", mib(figures.swap_bytes)),
        ("page faults", f"{_count(figures.minor_faults)} minor, {_count(figures.major_faults)} major"),
    ]


def _count(value: int | None) -> str:
    return NOT_MEASURED if value is None else f"{value:,}"


def _threads(figures: JobFigures) -> str:
    if figures.threads_batch is None:
        return number(figures.threads)
    fewer = figures.threads_lowered
    return (
        f"{figures.threads_batch} for prefill, {number(figures.threads)} for decode"
        f"{f'; {fewer} for both from the middle of an answer on' if fewer else ''}"
    )


def table(pairs: list[tuple[str, str]]) -> str:
    """Names and values, one pair a line."""
    width = max(len(name) for name, _ in pairs)
    return "\n".join(f"  {name:{width}}  {value}" for name, value in pairs)


def formulas() -> str:
    """How the figures are defined, and by which rule a run is quiet or contended."""
    return table([*FORMULAS.items(), ("noise", RULE)])


def progress(view: LiveView, most_tokens: int | None = None) -> str:
    """One line of what the live panel shows; what is not known yet is left out.

    `most_tokens`: the limit of this very request. A warm-up and a case may have another than the settings.
    """
    said = f"{view.tokens} of {most_tokens} tokens" if most_tokens else counted(view.tokens, "token")
    if view.server is not None:
        said = counted(view.tokens, "piece")
    parts = [
        f"{phase_words(view.phase)}, {view.elapsed_s:.1f} s",
        said if view.tokens else "",
        _ttft(view),
        f"prefill {rate(view.prefill_rate)}" if view.prefill_rate is not None else "",
        f"decode {rate(view.decode_rate)}" if view.decode_rate is not None else "",
        f"ITL p50 {milliseconds(view.itl_p50_s)}" if view.itl_p50_s is not None else "",
        f"ITL p95 {milliseconds(view.itl_p95_s)}" if view.itl_p95_s is not None else "",
        f"ITL max {milliseconds(view.itl_max_s)}" if view.itl_max_s is not None else "",
        _memory(view),
        f"CPU {view.cpu_percent:.0f} %" if view.cpu_percent is not None else "",
        f"machine {view.machine_percent:.0f} %" if view.machine_percent is not None else "",
    ]
    return ", ".join(part for part in parts if part)


def _ttft(view: LiveView) -> str:
    """It is not the model's own where the server sent the prompt away first."""
    if view.ttft_s is None:
        return ""
    return f"TTFT {seconds(view.ttft_s)}{' with the wait before it' if view.waited else ''}"


def _memory(view: LiveView) -> str:
    if view.rss_bytes is None:
        return ""
    split = ""
    if view.rss_anon_bytes is not None and view.rss_file_bytes is not None:
        split = f" ({mib(view.rss_anon_bytes)} anonymous, {mib(view.rss_file_bytes)} file-backed)"
    limit = f" of {mib(view.limit_bytes)} available at the start" if view.limit_bytes is not None else ""
    forecast = f", forecast {mib(view.forecast_bytes)}" if view.forecast_bytes is not None else ""
    return f"RSS {mib(view.rss_bytes)}{split}, peak {mib(view.peak_bytes)}{limit}{forecast}"
