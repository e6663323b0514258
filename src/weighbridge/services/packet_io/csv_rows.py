"""requests.csv and samples.csv: every request and every sample of the events as plain rows, units in the header."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from weighbridge.domain.proof.events import Attempt, Completed, Event, RequestStarted, Sample, ServerSample
from weighbridge.domain.proof.measure import RequestFigures
from weighbridge.services.packet_io.contents import Contents

REQUESTS = (
    "job",
    "mode",
    "request",
    "case",
    "warmup",
    "stop_reason",
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.output_tokens",
    "gen_ai.server.time_to_first_token_s",
    "gen_ai.server.request.duration_s",
    "prefill_tokens_per_s",
    "decode_tokens_per_s",
    "itl_p50_s",
    "itl_p95_s",
    "itl_max_s",
    "peak_rss_bytes",
    "engine_prompt_ms",
    "engine_decode_ms",
    "repeat",
    "reused_tokens",
    "engine_prefill_tokens_per_s",
    "engine_decode_tokens_per_s",
    "pieces",
    "doubts",
)
"""One row a completed request. The first names are OpenTelemetry's for generative AI, with the unit added."""
_FIRST = (
    "event",
    "t",
    "rss_bytes",
    "rss_anon_bytes",
    "rss_file_bytes",
    "peak_rss_bytes",
    "cpu_percent",
    "machine_percent",
    "load1",
    "involuntary_switches",
)
"""Fields of a sample that stand under the first names of the table."""
SAMPLES = (
    "job",
    "attempt",
    "mode",
    "t_s",
    "rss_bytes",
    "rss_anon_bytes",
    "rss_file_bytes",
    "peak_rss_bytes",
    "cpu_percent_of_one_core",
    "machine_percent",
    "load1",
    "involuntary_switches",
    *(name for name in Sample.model_fields if name not in _FIRST),
)
"""One row a sample of the engine's process; `t_s` is counted from the start of its job."""
SERVER_SAMPLES = ("job", "attempt", "t_s", *(name for name in ServerSample.model_fields if name not in ("event", "t")))
"""One row each time that a server or its host told of its load; an empty cell was not told."""
Row = dict[str, str]


def cell(value: Any) -> str:
    """A value as a cell. Empty: not measured. Text that a spreadsheet would run as a formula gets a quote before it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    text = str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") else text


def request_rows(c: Contents) -> list[Row]:
    """One row for each completed request of every job, the warm-ups too. Figures as in domain.proof.measure."""
    return [row for job_id, job in c.jobs.items() for row in _requests(job_id, job, c.figures[job_id].values())]


def _requests(job_id: str, job: Sequence[Event], figures: Iterable[RequestFigures]) -> Iterator[Row]:
    for mode, f in zip(_modes(job), figures, strict=True):
        values = (
            job_id,
            mode,
            f.request,
            f.case,
            f.warmup,
            f.stop_reason,
            f.prompt_tokens,
            f.output_tokens,
            f.ttft_s,
            f.total_s,
            f.prefill_tokens_per_s,
            f.decode_tokens_per_s,
            f.itl and f.itl.median,
            f.itl and f.itl.p95,
            f.itl and f.itl.high,
            f.peak_rss_bytes,
            f.engine_prompt_ms,
            f.engine_decode_ms,
            f.repeat,
            f.reused_tokens,
            f.engine_prefill_tokens_per_s,
            f.engine_decode_tokens_per_s,
            f.pieces,
            " ".join(f.doubts),
        )
        yield dict(zip(REQUESTS, map(cell, values), strict=True))


def _modes(job: Sequence[Event]) -> Iterator[str]:
    """The mode in which each completed request of a job was answered."""
    mode, open_request = "", False
    for event in job:
        match event:
            case Attempt():
                mode, open_request = event.mode, False
            case RequestStarted():
                open_request = True
            case Completed() if open_request:
                open_request = False
                yield mode
            case _:
                pass


def sample_rows(jobs: Sequence[Sequence[Event]]) -> list[Row]:
    """One row for each sample of every job."""
    return [row for job in jobs for row in _samples(job)]


def _samples(job: Sequence[Event]) -> Iterator[Row]:
    attempt: Attempt | None = None
    for event in job:
        if isinstance(event, Attempt):
            attempt = event
        elif isinstance(event, Sample) and attempt is not None:
            said = event.model_dump(exclude={"event"})
            first = [said.pop(name) for name in _FIRST[1:]]
            values = (attempt.job_id, attempt.number, attempt.mode, *first, *said.values())
            yield dict(zip(SAMPLES, map(cell, values), strict=True))


def server_csv(jobs: Sequence[Sequence[Event]]) -> str:
    """server-samples.csv: what servers told of themselves, in every job."""
    rows: list[Row] = []
    for job in jobs:
        attempt: Attempt | None = None
        for event in job:
            if isinstance(event, Attempt):
                attempt = event
            elif isinstance(event, ServerSample) and attempt is not None:
                values = (attempt.job_id, attempt.number, *event.model_dump(exclude={"event"}).values())
                rows.append(dict(zip(SERVER_SAMPLES, map(cell, values), strict=True)))
    return as_csv(SERVER_SAMPLES, rows)


def as_csv(names: Sequence[str], rows: Sequence[Row]) -> str:
    """RFC 4180 quoting, lines ended by LF."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
