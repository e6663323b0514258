"""One packet as a comparison sees it, from its records as `verify` read them."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from weighbridge.domain.base import digest
from weighbridge.domain.compare.doubts import in_short
from weighbridge.domain.compare.side import (
    JobConditions,
    Side,
    SideCase,
    SideEval,
    SideFigure,
    SideGate,
    SideHead,
    SideProof,
    SideServer,
)
from weighbridge.domain.proof.events import Attempt, Connected, Event, Loaded
from weighbridge.domain.proof.measure import JobFigures
from weighbridge.domain.proof.noise import Noise
from weighbridge.domain.proof.recipe import threads_of
from weighbridge.domain.proof.summary import last, last_attempt
from weighbridge.domain.serving.identity import model_facts
from weighbridge.domain.serving.rental import Order
from weighbridge.domain.text import clean_line
from weighbridge.domain.verdict.cases import Case
from weighbridge.domain.verdict.decision import CaseResult
from weighbridge.services.packet_io.checks.form import ADVICE, AREA, NOT_CHECKED
from weighbridge.services.packet_io.contents import Contents
from weighbridge.services.packet_io.records.files import DecisionFile, EvalNote, PolicyFile, RuntimeFile
from weighbridge.services.packet_io.report import Report
from weighbridge.services.packet_io.verify import read_packet

MACHINE = (
    "host_processor_model_name",
    "host_processor_core_count",
    "host_memory_capacity",
    "operating_system",
    "hw_notes",
)
_NO_QUESTION = {"why", "tags", "must_pass", "disabled"}
"""Fields of a case that neither ask nor expect anything."""
_SAMPLER = ("n_ctx", "n_batch", "n_ubatch", "max_tokens", "temperature", "seed", "prefix_reuse", "n_gpu_layers")
_ASKED = ("max_tokens", "temperature", "seed")
"""Settings that a server takes from here."""
_ENGINE = ("type_k", "type_v", "flash_attn", "use_extra_bufts", "load_mode")


def read_side(path: Path) -> tuple[Side | None, Report]:
    """The packet at `path` and what `verify` says of it; None where too little can be read. BadInput: no packet.

    Blocks: every check of `weighbridge verify` is made. What is faulty in a packet that does not hold is left out.
    """
    report, contents = read_packet(path)
    decision, runtime = contents.decision, contents.runtime
    if decision is None or runtime is None:
        return None, report
    return _side(str(path), report, contents, decision, runtime), report


def doubts(report: Report) -> tuple[str, int]:
    """The first thing that does not hold, in short, and how many more there are. Another form comes before all."""
    wrong = sorted((check for check in report.checks if not check.ok), key=lambda check: check.name != AREA)
    if not wrong:
        return "", 0
    detail = wrong[0].detail.removeprefix(NOT_CHECKED).removesuffix(ADVICE)
    return in_short(wrong[0].name, detail), len(wrong) - 1


def _side(path: str, report: Report, c: Contents, decision: DecisionFile, runtime: RuntimeFile) -> Side:
    return Side(
        head=_head(path, report, decision),
        machine={name: getattr(c.system, name, None) for name in MACHINE},
        proof=_proof(c, runtime),
        server=_server(c),
        evaluation=_eval(c, decision.evaluation, c.policy) if decision.evaluation and c.policy else None,
    )


def _server(c: Contents) -> SideServer | None:
    server = c.server
    if server is None:
        return None
    told, rented = server.connected, _order(c)
    return SideServer(
        engine=clean_line(f"{told.engine} {told.version}".strip(), 80) if told else "",
        address=clean_line(server.target.base_url, 200),
        model=clean_line(server.target.model, 200),
        hardware=clean_line(server.hardware, 80) if server.hardware else None,
        here=server.figures is not None and server.figures.pid is not None,
        revision=clean_line(rented.revision, 80) if rented else "",
        facts={name: clean_line(text, 200) for name, text in model_facts(told).items()},
    )


def _order(c: Contents) -> Order | None:
    """Of the rental behind the server."""
    job = c.server.target.job if c.server and c.server.hardware else ""
    rows = c.rentals.rows if c.rentals else ()
    return next((row.rental.order for row in rows if job and row.rental.job_id == job), None)


def _head(path: str, report: Report, decision: DecisionFile) -> SideHead:
    problem, more = doubts(report)
    verdict = decision.verdict if decision.verdict_current else None
    return SideHead(
        packet=clean_line(path, 300),
        id=decision.packet,
        seal=report.seal,
        verified=report.ok,
        problem=problem,
        more_problems=more,
        software=clean_line(decision.software, 80),
        written_at=clean_line(decision.written_at, 40),
        status=decision.status,
        model=clean_line(decision.model, 120) if decision.model else None,
        model_sha256=decision.model_sha256,
        decision=verdict.choice if verdict else None,
    )


def _proof(c: Contents, runtime: RuntimeFile) -> SideProof | None:
    note = runtime.proof
    if note is None:
        return None
    job = last_attempt(c.jobs.get(note.job_id, ()))
    return SideProof(
        conditions=_conditions(job, note.figures.noise, current=note.current, outcome=note.outcome),
        prompt=note.prompt,
        figures=(*_figures(note.figures), *_of_the_server(c, note.figures)),
    )


def _conditions(job: Sequence[Event], noise: Noise | None, *, current: bool, outcome: str) -> JobConditions:
    attempt = last(job, Attempt)
    return JobConditions(
        settings=_settings(job, attempt),
        mark=noise.mark if noise else "unknown",
        reasons=tuple(clean_line(reason, 300) for reason in noise.reasons) if noise else (),
        current=current,
        outcome=outcome,
        model_sha256=attempt.model_sha256 if attempt else None,
    )


def _settings(job: Sequence[Event], attempt: Attempt | None) -> dict[str, str | None]:
    """What the last child ran with: threads as used, what was wished, and what the engine made of it."""
    if attempt is None:
        return {}
    if attempt.target is not None:
        return _served_settings(job, attempt)
    wished, loaded = attempt.settings.model_dump(), last(job, Loaded)
    decode, prefill = threads_of(job) or (None, None)
    values: dict[str, object] = {
        "threads": decode,
        "threads for prefill": prefill,
        **{name: wished[name] for name in _SAMPLER if name in wished},
        **{name: getattr(loaded, name, None) for name in _ENGINE},
        "engine": f"{attempt.runtime} {attempt.version}",
        "mode": attempt.mode,
    }
    return {name: None if value is None else clean_line(str(value), 80) for name, value in values.items()}


def _served_settings(job: Sequence[Event], attempt: Attempt) -> dict[str, str | None]:
    """What a server takes from here, and what it tells of its own."""
    wished, told = attempt.settings, last(job, Connected)
    values: dict[str, object] = {
        **{name: getattr(wished, name) for name in _ASKED},
        "max_model_len": told.max_model_len if told else None,
        "runtime": attempt.runtime,
    }
    return {name: None if value is None else clean_line(str(value), 80) for name, value in values.items()}


def _of_the_server(c: Contents, figures: JobFigures) -> list[SideFigure]:
    """Memory as the server tells it, and what renting it has cost: shown, and never counted."""
    server = figures.server
    if server is None:
        return []
    paid = c.rentals.rented_usd if c.rentals else None
    told = (
        ("ttft_reused_s", "TTFT, prefix reused", "s", figures.ttft_reused_s),
        ("server_gpu_memory", "GPU memory (server)", "bytes", server.gpu_memory_bytes),
        ("server_memory", "memory (server)", "bytes", server.memory_bytes),
        ("rented_usd", "cost of rented GPUs", "USD", paid),
    )
    return [_one(name, label, unit, "shown", value, int(value is not None)) for name, label, unit, value in told]


def _figures(figures: JobFigures) -> list[SideFigure]:
    def runs(name: str, label: str, unit: str, better: str) -> SideFigure:
        found = figures.spreads.get(name)
        return SideFigure.model_validate(
            {
                "name": name,
                "label": label,
                "unit": unit,
                "better": better,
                "ground": "runs",
                "value": getattr(figures, name),
                "n": found.n if found else 0,
                "low": found.low if found else None,
                "high": found.high if found else None,
            }
        )

    itl, of = figures.spreads.get("itl_s"), " between pieces" if figures.server else ""
    gaps = itl.n if itl else 0
    load, peak = figures.load_s, figures.peak_rss_bytes
    return [
        runs("ttft_s", "TTFT", "s", "lower"),
        runs("prefill_tokens_per_s", "prefill", "tokens/s", "higher"),
        runs("decode_tokens_per_s", "decode", "tokens/s", "higher"),
        SideFigure(
            name="itl_p50_s",
            label=f"ITL p50{of}",
            unit="s",
            better="lower",
            ground="gaps",
            value=figures.itl_p50_s,
            n=gaps,
            low=itl.low if itl else None,
            high=itl.high if itl else None,
        ),
        _one("itl_p95_s", f"ITL p95{of}", "s", "shown", figures.itl_p95_s, gaps),
        _one("peak_rss_bytes", "peak RSS", "bytes", "single", peak, int(peak is not None)),
        _one("load_s", "load", "s", "shown", load, int(load is not None)),
    ]


def _one(name: str, label: str, unit: str, ground: str, value: float | None, n: int) -> SideFigure:
    said = {"name": name, "label": label, "unit": unit, "ground": ground, "value": value, "n": n, "better": "lower"}
    return SideFigure.model_validate(said)


def _eval(c: Contents, note: EvalNote, policy: PolicyFile) -> SideEval:
    job = last_attempt(c.jobs.get(note.job_ids[-1], ())) if note.job_ids else ()
    results = {result.case: result for result in c.results}
    attempt = last(job, Attempt)
    most = attempt.settings.max_tokens if attempt else None
    conditions = _conditions(job, note.noise, current=note.current, outcome=note.outcome)
    shared = {name: value for name, value in conditions.settings.items() if name != "max_tokens"}
    rule = digest(policy.policy.model_dump(mode="json", exclude={"pack"}))
    gate = note.gate
    return SideEval(
        conditions=conditions.model_copy(update={"settings": shared}),
        pack=clean_line(policy.policy.pack, 80),
        cases_digest=policy.policy.cases_digest,
        cases=tuple(_case(case, results.get(case.id), most) for case in c.cases),
        gate=None
        if gate is None
        else SideGate(gate=gate.gate, passed=gate.passed, total=gate.total, interval=gate.interval, rule=rule),
    )


def _case(case: Case, result: CaseResult | None, most: int | None) -> SideCase:
    """`most`: tokens of an answer, by the setting."""
    content = sha256(case.model_dump_json(exclude=_NO_QUESTION).encode()).hexdigest()
    if result is None:
        return SideCase(id=case.id, content=content, must_pass=case.must_pass, max_tokens=case.max_tokens or most)
    return SideCase(
        id=case.id,
        content=content,
        must_pass=case.must_pass,
        passed=result.counts,
        graded=result.passed,
        overruled=result.overruled,
        unstable=result.unstable,
        failure=clean_line(result.failure, 200),
        max_tokens=case.max_tokens or most,
        ttft_s=None if result.reused_tokens else result.ttft_s,
        decode_tokens_per_s=result.decode_tokens_per_s,
        peak_rss_bytes=result.peak_rss_bytes,
    )
