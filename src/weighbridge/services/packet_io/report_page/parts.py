"""The sections on the proof and on the conditions under which its figures came about."""

from __future__ import annotations

from weighbridge.domain.proof.noise import RULE, Noise
from weighbridge.services.packet_io.records.files import DecisionFile, ProofNote, RuntimeFile
from weighbridge.services.packet_io.report_page.units import (
    contended,
    line,
    mib,
    milliseconds,
    number,
    rate,
    said,
    seconds,
)
from weighbridge.services.packet_io.report_page.view import Cell, Part, Table, Tone

_TEXT = 4_000
"""Characters of the proof's prompt and of its output."""


def proof(runtime: RuntimeFile) -> Part | None:
    """The first run. None where there was none."""
    note = runtime.proof
    if note is None:
        return None
    state = f" It is {line(note.note)}." if note.note else ""
    failure = f" Failure: {line(note.message)}" if note.message else ""
    repeats = runtime.settings.repeats
    asked = f" The prompt was asked {repeats} times; figures are medians." if repeats > 1 else ""
    unstable = ", ".join(map(line, note.figures.unstable))
    differ = (f"At temperature 0 the answers differ: {unstable}.",) if unstable else ()
    return Part(
        id="first-run",
        title="First run",
        paragraphs=(
            f"At {line(note.at)}, {note.mode} mode: {note.outcome}.{state}{failure}{asked}",
            *differ,
            *filter(None, [contended(note.figures.noise)]),
            *map(line, note.figures.disagreements),
            f"Shutdown: {line(note.shutdown) or 'no process was ever started'}.",
        ),
        said=(
            said("Command", runtime.command_line, _TEXT, "data/runtime.json")._replace(command=True),
            said("Prompt", note.prompt, _TEXT, "data/runtime.json"),
            said("Output", note.output, _TEXT, "data/runtime.json"),
        ),
        tables=(_figures(note), _attempts(runtime)),
    )


def _figures(note: ProofNote) -> Table:
    f = note.figures
    few = "" if f.itl_p95_s is not None else " (p95: too few values)"
    between = "pieces of text that arrived" if f.server else "consecutive tokens"
    output = "its own count of output tokens" if f.server else "output tokens"
    rows = (
        ("load", seconds(f.load_s), "weights read and context made, by the child's clock"),
        ("time to first token (TTFT)", seconds(f.ttft_s), "first text − prompt handed over, cold"),
        ("prefill", rate(f.prefill_tokens_per_s), "prompt tokens / time of their decode calls"),
        ("decode", rate(f.decode_tokens_per_s), f"({output} − 1) / (last − first of them)"),
        ("inter-token latency, median", milliseconds(f.itl_p50_s), f"time between two {between}{few}"),
        ("inter-token latency, largest", milliseconds(f.itl_max_s), "the same"),
        ("peak memory", mib(f.peak_rss_bytes), "high-water mark of the process, else the largest sample"),
    )
    return Table(
        "Figures of the first run, the warm-up left out",
        (Cell("figure"), Cell("value", "number"), Cell("how it is computed")),
        tuple((Cell(name), number(value), Cell(how)) for name, value, how in rows),
    )


def _attempts(runtime: RuntimeFile) -> Table:
    return Table(
        "Every attempt of proof and eval, and how it ended",
        (Cell("job"), Cell("attempt", "number"), Cell("mode"), Cell("outcome"), Cell("why, and what it said")),
        tuple(
            (
                Cell(f"{a.job} {line(a.job_id)}"),
                Cell(str(a.number), "number"),
                Cell(a.mode),
                Cell(line(a.outcome)),
                Cell(line(f"{a.reason}. {a.message}" if a.message else a.reason)),
            )
            for a in runtime.attempts
        ),
    )


_MARK: dict[str, tuple[str, Tone]] = {
    "quiet": ("✓ quiet", "good"),
    "contended": ("! contended", "warn"),
    "unknown": ("? unknown", "absent"),
}


def conditions(d: DecisionFile, runtime: RuntimeFile) -> Part | None:
    """Whether the machine was quiet, by the rule, and what was seen around the proof. None where nothing ran."""
    noises: list[tuple[str, Noise | None]] = []
    if runtime.proof:
        noises.append(("proof", runtime.proof.figures.noise))
    if d.evaluation:
        noises.append(("eval", d.evaluation.noise))
    if not noises:
        return None
    rows = []
    for what, noise in noises:
        mark = _MARK["unknown"] if noise is None else _MARK[noise.mark]
        why = " ".join(noise.reasons) if noise else "whether the machine was quiet is not on record"
        rows.append((Cell(what), Cell(*mark), Cell(line(why, 1_000) or "nothing was above the limits of the rule")))
    tables = [
        Table("Was the machine quiet?", (Cell("job"), Cell("mark"), Cell("why")), tuple(rows)),
        _noise_figures(noises),
        *([_around(runtime)] if runtime.conditions else []),
    ]
    return Part(
        id="conditions",
        title="Conditions",
        paragraphs=(f"The rule: {RULE}.",),
        tables=tuple(tables),
    )


def _noise_figures(noises: list[tuple[str, Noise | None]]) -> Table:
    names = {
        "run_delay_percent": "ready threads waited for a core, % of the processor time they got",
        "others_percent": "other programs, % of one core",
        "steal_percent": "hypervisor, % of the machine",
        "cpu_over_wall": "cores that the engine got",
        "sampled_s": "seconds of work that samples cover",
    }

    def told(noise: Noise | None, name: str) -> Cell:
        value = getattr(noise, name) if noise else None
        return Cell("not told", "unmeasured") if value is None else Cell(f"{value:,.2f}", "number")

    return Table(
        "What the mark rests on, while prompts were worked on",
        (Cell("figure"), *(Cell(what, "number") for what, _ in noises)),
        tuple((Cell(words), *(told(noise, name) for _, noise in noises)) for name, words in names.items()),
    )


def _around(runtime: RuntimeFile) -> Table:
    """The machine just before the proof's process and just after it."""
    names = {
        "load1": "load average over one minute",
        "others_percent": "other programs, % of one core",
        "steal_percent": "hypervisor, % of the machine",
        "frequency_mhz": "processor frequency, MHz",
        "power": "power",
        "battery_percent": "battery, %",
        "temperature_c": "processor temperature, °C",
        "available_bytes": "memory available",
        "swap_used_bytes": "swap used",
    }

    def told(value: object, name: str) -> Cell:
        if value is None:
            return Cell("not told", "unmeasured")
        if name.endswith("_bytes") and isinstance(value, int):
            return number(mib(value))
        return Cell(f"{value:,.1f}" if isinstance(value, float) else line(str(value)), "number")

    return Table(
        "The machine around the proof",
        (Cell("figure"), *(Cell(one.when, "number") for one in runtime.conditions)),
        tuple(
            (Cell(words), *(told(getattr(one, name), name) for one in runtime.conditions))
            for name, words in names.items()
        ),
    )
