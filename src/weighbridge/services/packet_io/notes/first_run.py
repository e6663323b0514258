"""data/first-run.md: the proof for people, with the conditions under which its figures came about."""

from __future__ import annotations

from collections.abc import Iterator

from weighbridge.domain.proof.measure import FORMULAS
from weighbridge.domain.proof.noise import RULE, Noise
from weighbridge.domain.proof.recipe import Recipe
from weighbridge.domain.proof.server_fold import ServerFigures
from weighbridge.domain.proof.threads import Swept
from weighbridge.domain.serving.rental_plan import rental_plan
from weighbridge.services.packet_io.markdown import cell, code, fence, table
from weighbridge.services.packet_io.notes.values import value_text
from weighbridge.services.packet_io.records.elsewhere import RentalsFile
from weighbridge.services.packet_io.records.files import ProofNote, RuntimeFile

_TOLD_APART = {"attempts", "noise", "spreads", "disagreements", "unstable", "server"}
_HOW = {
    "prompt_tokens": "sum over the requests, the warm-up left out",
    "output_tokens": "sum over the requests, the warm-up left out",
    "requests": "answers that were counted, the warm-up left out",
    "peak_rss_bytes": "high-water mark of the process where the system keeps one, else the largest sample",
    "baseline_rss_bytes": "the process before it loads anything",
    "rss_anon_bytes": "the last sample",
    "rss_file_bytes": "the last sample",
    "threads": "for decode, as used",
    "threads_batch": "for prefill, as used",
    "load1_before": "load average over one minute, just before the start",
    "load1_after": "load average over one minute, at the last sample",
}
_BY_NAME = {name: text for names, text in FORMULAS.items() for name in names.split(", ")}
_LIKE = (("itl_", "itl_*_s"), ("ttft_m", "ttft_s"))
_CONDITIONS = {"event", "t", "when", "missing"}
_NOT_TOLD = "not told"
NO_NOISE = "Whether the machine was quiet is not known."


def noise_line(noise: Noise | None, what: str = "The machine") -> str:
    """Quiet, contended or unknown, as one sentence with its reasons."""
    if noise is None:
        return NO_NOISE
    why = " ".join(noise.reasons)
    if noise.mark == "quiet":
        return f"{what} was quiet while prompts were worked on."
    if noise.mark == "contended":
        return f"**Contended**: these times are not those of a quiet machine. {why}"
    return f"{NO_NOISE} {why}".strip()


def first_run(runtime: RuntimeFile, recipe: Recipe | None, rentals: RentalsFile | None) -> str:
    """Command, prompt, output and time of the proof, with its figures, their formulas and conditions."""
    proof = runtime.proof
    assert proof is not None
    state = f" It is {proof.note}." if proof.note else ""
    return "\n".join(
        [
            "# First run",
            "",
            f"At {proof.at}, {proof.mode} mode: {proof.outcome}.{state}",
            "",
            noise_line(proof.figures.noise),
            *([f"Failure: {code(proof.message)}"] if proof.message else []),
            *_repeats(proof, runtime.settings.repeats),
            "",
            "## Command",
            "",
            fence(runtime.command_line),
            "",
            *_plan(runtime, recipe, rentals),
            *_as_run(recipe),
            "## Prompt",
            "",
            fence(proof.prompt),
            "",
            "## Output",
            "",
            "Control characters are shown as pictures here; `events.jsonl` has the raw text.",
            "",
            fence(proof.output) if proof.output else "There was no output.",
            "",
            *_figures(proof),
            *_server(proof.figures.server),
            *_threads(runtime.threads),
            *_noise(proof.figures.noise),
            *_surroundings(runtime),
        ]
    )


def _plan(runtime: RuntimeFile, recipe: Recipe | None, rentals: RentalsFile | None) -> Iterator[str]:
    """The plan that the command of a rented run names; nothing where the proof's machine was not rented."""
    job = recipe.target.job if recipe is not None and recipe.target is not None else ""
    orders = [row.rental.order for row in rentals.rows if row.rental.job_id == job] if rentals and job else []
    if orders and runtime.proof is not None:
        yield from ("The machine is rented anew by it. `PLAN.toml` is:", "")
        yield from (fence(rental_plan(orders[0], runtime.settings, runtime.proof.prompt)), "")


def _as_run(recipe: Recipe | None) -> Iterator[str]:
    """What the command line leaves to the program, as it came to be."""
    if recipe is None:
        return
    if recipe.target is not None:
        own = "n_ctx, n_threads, " if recipe.target.api == "ollama" else ""
        own = "n_threads, " if recipe.target.origin == "started" else own
        yield f"A server answered: of the settings it took {own}max_tokens, temperature, seed and repeats."
        yield ""
        return
    flags = {
        "mode": recipe.mode,
        "extra buffer types": value_text("", recipe.use_extra_bufts, _NOT_TOLD),
        "KV cache": f"{recipe.type_k or _NOT_TOLD} (K), {recipe.type_v or _NOT_TOLD} (V)",
        "flash attention": recipe.flash_attn or _NOT_TOLD,
        "micro-batch": value_text("", recipe.n_ubatch, _NOT_TOLD),
        "load mode": recipe.load_mode or _NOT_TOLD,
        "threads": recipe.threads_from or _NOT_TOLD,
    }
    yield "What it leaves to the program came out as follows; `recipe.json` has all of it."
    yield from ("", table(("setting", "as run"), [(name, cell(value)) for name, value in flags.items()]), "")


def _repeats(proof: ProofNote, repeats: int) -> Iterator[str]:
    if repeats > 1:
        yield ""
        yield f"The prompt was asked {repeats} times; figures are medians, and the output is the last one."
    if proof.figures.unstable:
        yield ""
        yield f"**Unstable**: at temperature 0 the answers differ: {', '.join(map(code, proof.figures.unstable))}."
    for sentence in proof.figures.disagreements:
        yield ""
        yield f"**Two sources disagree**: {code(sentence)}"


def _figures(proof: ProofNote) -> Iterator[str]:
    figures = proof.figures.model_dump(exclude=_TOLD_APART)
    rows = [(name, value_text(name, value, "not measured"), _how(name)) for name, value in figures.items()]
    yield from ("## Figures", "", table(("figure", "value", "how it is computed"), rows), "")
    spreads = [
        (name, f"{s.n:,}", *(value_text(name, one, "too few") for one in (s.median, s.low, s.high, s.p95)))
        for name, s in proof.figures.spreads.items()
    ]
    if spreads:
        yield from ("## Count and range", "", FORMULAS["spreads"][0].upper() + FORMULAS["spreads"][1:] + ".", "")
        yield from (table(("figure", "values", "median", "least", "largest", "p95"), spreads), "")


def _server(server: ServerFigures | None) -> Iterator[str]:
    """What the server told of itself while the proof ran. Nothing where a child on this machine answered."""
    if server is None:
        return
    said = server.model_dump(exclude={"doubts", "sources", "memory_sources", "memory_missing"})
    gap = "not told"
    rows = [(name, value_text(name, value if value != "" else None, gap)) for name, value in said.items()]
    sources = ", ".join(map(code, server.sources)) or "no source beside its answers"
    yield from ("## The server's own account", "", f"Never mixed with the figures above. Told by {sources}.", "")
    if server.memory_missing:
        yield from (f"Memory is not known: {code(server.memory_missing)}", "")
    yield from (table(("what", "value"), rows), "")
    yield from (f"- **Doubt**: {code(one)}" for one in server.doubts)
    if server.doubts:
        yield ""


def _how(name: str) -> str:
    like = next((formula for start, formula in _LIKE if name.startswith(start)), name)
    how = _BY_NAME.get(like) or _HOW.get(name, "")
    return f"{how}; nearest rank, from 59 values on" if name == "itl_p95_s" else how


def _threads(swept: Swept | None) -> Iterator[str]:
    if swept is None:
        return
    age = f", {swept.age_s:.0f} s before the run" if swept.how == "remembered" else ""
    yield from ("## Threads", "")
    yield f"{swept.n_threads} for decode, {swept.n_threads_batch} for prefill, {swept.how}{age}: {code(swept.reason)}"
    yield ""
    rows = [
        (t.phase, str(t.n_threads), str(t.tokens), f"{t.seconds:.3f}", f"{t.tokens_per_s:.1f}") for t in swept.trials
    ]
    if rows:
        yield from (table(("phase", "threads", "tokens", "seconds", "tokens/s"), rows), "")


def _noise(noise: Noise | None) -> Iterator[str]:
    yield from ("## Noise", "", f"The rule: {RULE}.", "")
    if noise is not None:
        said = noise.model_dump(exclude={"mark", "reasons", "missing"})
        rows = [(name, value_text(name, value, _NOT_TOLD)) for name, value in said.items()]
        yield from (table(("figure", "value"), rows), "")


def _surroundings(runtime: RuntimeFile) -> Iterator[str]:
    """The machine before and after, and what this system does not tell."""
    if runtime.conditions:
        said = [one.model_dump(exclude=_CONDITIONS) for one in runtime.conditions]
        rows = [(name, *(value_text(name, one[name], _NOT_TOLD) for one in said)) for name in said[0]]
        yield from ("## The machine around it", "", table(("figure", *(c.when for c in runtime.conditions)), rows), "")
    gaps = dict(runtime.sensors.missing) if runtime.sensors else {}
    for one in runtime.conditions:
        gaps |= one.missing
    if gaps:
        yield from ("## What this system does not tell", "")
        yield from (f"- {name}: {cell(why)}" for name, why in gaps.items())
        yield ""
