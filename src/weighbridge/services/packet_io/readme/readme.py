"""data/README.md: what the packet is, what is missing from it and why, and how to check it without weighbridge."""

from __future__ import annotations

from weighbridge.services.packet_io.contents import Contents
from weighbridge.services.packet_io.fill.decision import CASES_DIGEST, FORMULAS_OF_RUNTIME, GATE_RULE, INTERVAL
from weighbridge.services.packet_io.formats.inspect_log import TOO_LARGE
from weighbridge.services.packet_io.markdown import code
from weighbridge.services.packet_io.notes.facts import fact_text
from weighbridge.services.packet_io.notes.first_run import noise_line
from weighbridge.services.packet_io.readme.decision import decision_section
from weighbridge.services.packet_io.readme.elsewhere import elsewhere_lines
from weighbridge.services.packet_io.readme.model import model_sections, not_known
from weighbridge.services.packet_io.records.files import DecisionFile, EvalNote, RuntimeFile

FILES = {
    "report.html": "all of it on one page: open it in a browser; it holds no script and asks for no address",
    "decision.json": "constraints, route, rejected families, gate, options, decision, what is missing",
    "decision.intoto.json": "the gate as an in-toto Statement v1 (test-result v0.1) about the model's file",
    "model/model.json": "which weights: name, repository, revision, file, size, SHA-256",
    "model/card-facts.json": "licence, languages, context, safety, use: each with its source",
    "model/declared-facts.json": "what the sources say where the person typed another value over it",
    "model/licence.json": "the licence's class and note by the table of licences, stated use, refusal, override",
    "model/LICENSE-NOTE.md": "the licence as its sources state it, and what it allows: a note, not legal advice",
    "model/mlbom.cdx.json": "weights, model card and runtime as a CycloneDX 1.6 ML-BOM",
    "model/README.md": "the model card, byte for byte as in the repository at the revision",
    "policy.json": "the rule of the gate, saved before the first case ran",
    "eval/cases.jsonl": "the fixed cases, one a line",
    "eval/results.jsonl": "one result for each case: output, mark, figures",
    "eval/inspect/": "the eval as a log of Inspect: `inspect view --log-dir eval/inspect`",
    "resources/requests.csv": "every request; an empty cell was not measured",
    "resources/forecast.csv": "the forecast beside what was measured; an empty cell was not measured",
    "resources/samples.csv": "memory and load of the engine's process over time; an empty cell was not measured",
    "system.json": "the machine and the engine's parameters, without host or user name",
    "runtime.json": "version, command, settings, attempts, figures, forecast against measured",
    "recipe.json": "all that the proof was run with: `weighbridge prove --from` runs it again",
    "first-run.md": "command, prompt and output of the proof",
    "shutdown.md": "every process and how it ended",
    "events.jsonl": "everything that happened, in order; the figures are derived from it",
    "logs/": "the engine's own log of each attempt, folders of the machine taken out",
    "redactions.json": "what was taken out before the files were written, how often, and from where",
    "server.json": "the server that answered: its address, what it told of itself, how it was left",
    "rentals.json": "every rented GPU from the order to the proof of stop, with price, source and cost",
    "notebook.json": "the notebook's runtime: its type, its boot id at start and end, how it was given back",
    "load.json": "the same cases at several requests at once: throughput and latency, a step a concurrency",
    "load.jsonl": "every request of the load test",
    "resources/server-samples.csv": "what the server or its host told of its memory and load over time",
    "private/": "private documents: where they went, and the notes that are typed or owed",
    "lora/": "before and after LoRA: the eval before it, what was tried, what is owed",
    "route/": "commands, typed values and evidence owed of a route that runs elsewhere",
    "schemas/": "JSON Schemas of the files above, and the BagIt profile that bag-info.txt names",
}
_LIMITS = (
    "Some things stand in one place only, and nothing in the packet contradicts them if they are changed together",
    "with their digests: the texts and times of tokens, the samples, the conditions and the trials of threads in",
    "`events.jsonl`, what a server, a provider or a notebook told of itself, the words of the logs (`runtime.json` has",
    "each log's SHA-256), the machine in `system.json`, and",
    "whether the model's file has the digest and the licence that are stated here. For these, hash the model's file",
    "and run the recipe again.",
    "When the Hub was asked, and the words of a reason why something is missing, stand in records and texts alone.",
    "Of a model card, only what is quoted stands in two places: compare it with README.md of the repository at its",
    "revision.",
    "",
    "The checksums show integrity: no file has changed since the packet was written. They do not show who wrote",
    "it, nor that the run took place: whoever can write a packet can write its checksums too. A signature shows who",
    "stands by it, and no more.",
    "",
)
"""What the checks of a packet do not show."""
_PLANNED = "the packet is a plan: nothing was run"
_ABSENT = {
    "model/model.json": "no model was chosen",
    "model/card-facts.json": "no model was chosen",
    "model/LICENSE-NOTE.md": "no model was chosen",
    "model/declared-facts.json": "nothing was typed over what the sources say",
    "model/licence.json": "no model was chosen",
    "policy.json": "no cases were chosen",
    "eval/cases.jsonl": "no cases were chosen",
    "eval/results.jsonl": "no case has run to its end",
    "first-run.md": "the proof has not run",
    "recipe.json": "the proof has not run",
    "route/": "the route runs on this machine",
    "decision.intoto.json": "no gate stands that speaks of this model with these settings, cases and policy",
    "model/mlbom.cdx.json": "no model was chosen",
    "eval/inspect/": "no case has run to its end",
    "private/": "the constraints name no private documents",
    "lora/": "LoRA was not decided",
    "server.json": "no server answered: the model ran in a process of weighbridge, or nothing was run",
    "rentals.json": "nothing was rented",
    "notebook.json": "nothing ran in a notebook",
    "load.json": "no load test was made",
    "load.jsonl": "no load test was made",
    "resources/server-samples.csv": "no server told of its memory or load",
}


def readme(c: Contents) -> str:
    """From the packet's own records and the names of its files. ValueError without decision.json or runtime.json."""
    d, runtime = c.decision, c.runtime
    if d is None or runtime is None:
        raise ValueError("data/decision.json and data/runtime.json cannot both be read")
    present = {name.removeprefix("data/") for name in c.present if name.startswith("data/")}
    here, absent = [], []
    for name, what in FILES.items():
        if name in present or any(p.startswith(name) for p in present if name.endswith("/")):
            here.append(f"- {code(name)}: {what}")
        else:
            absent.append(f"- {code(name)}: {_why(c, d, runtime, name)}")
    return "\n".join(
        [*_head(c, d, runtime), *here, "", "## Not in this packet", "", *(absent or ["- nothing"]), "", *_tail(runtime)]
    )


def _why(c: Contents, d: DecisionFile, runtime: RuntimeFile, name: str) -> str:
    measured_only = name.startswith(
        ("eval/results", "eval/inspect", "resources", "first", "recipe", "shutdown", "events", "logs")
    )
    if d.status == "planned" and measured_only:
        return _PLANNED
    if name == "model/README.md":
        return code(c.model.card.missing.get("file", "not recorded")) if c.model else "no model was chosen"
    if name == "eval/inspect/" and c.results:
        return TOO_LARGE
    if name == "resources/forecast.csv":
        return code(runtime.missing.get("forecast_against_measured", "not recorded"))
    if name == "decision.intoto.json" and c.server is not None:
        return "a server answered: there is no file by whose digest a gate could speak"
    if name == "route/" and d.status == "measured" and d.constraints.available_route != "local_cpu":
        return "this is no plan: it was run"
    if name == "route/" and d.constraints.available_route != "local_cpu":
        return "no commands are known for this route"
    return _ABSENT.get(name, "nothing of it is on record")


def _score(note: EvalNote | None) -> str:
    if note is None or note.gate is None:
        return "no finished eval stands"
    gate = note.gate
    score = f"{gate.passed} of {gate.total} cases passed, {gate.gate} (95 % interval {gate.interval.text})"
    stale = "none stands; an earlier one, with other model, settings, cases or policy: "
    return score if note.current else f"{stale}{score}"


def _decided(d: DecisionFile) -> str:
    if d.verdict is None or d.verdict_current:
        return d.verdict.choice if d.verdict else "none"
    return f"none; an earlier one ({d.verdict.choice}) was made on other evidence"


def _head(c: Contents, d: DecisionFile, runtime: RuntimeFile) -> list[str]:
    lacks = [f"- {item.title}: {code(item.fact.reason)}" for item in d.completeness if not item.held]
    disputed = [f"- {item.title}: {fact_text(item.fact)}" for item in d.completeness if item.disputed]
    planned = "A plan for an open-weight model, made with {} at {}: nothing in it was run, nothing was weighed."
    first = planned if d.status == "planned" else "An open-weight model, weighed by {} at {}."
    note = runtime.proof.note if runtime.proof else ""
    return [
        "# Evidence packet",
        "",
        first.format(d.software, d.written_at),
        "",
        f"- Status: {d.status}",
        f"- Task: {code(d.constraints.task)}",
        f"- Route: {d.route.route}",
        f"- Model: {code(d.model) if d.model else 'none chosen'}",
        *([f"- Proof: {note}; `first-run.md`, `shutdown.md` and `runtime.json` tell of it"] if note else []),
        *([f"- Proof, noise: {noise_line(runtime.proof.figures.noise)}"] if runtime.proof else []),
        *elsewhere_lines(c),
        *_unstable(c, runtime),
        *_reused(c, runtime),
        *_overruled(c),
        f"- Eval: {_score(d.evaluation)}",
        *([f"- Eval, noise: {noise_line(d.evaluation.noise)}"] if d.evaluation else []),
        f"- Decision: {_decided(d)}",
        "",
        "## What is known",
        "",
        *[f"- {item.title}: {fact_text(item.fact)}" for item in d.completeness if item.held and not item.disputed],
        "",
        "## What is missing",
        "",
        *(lacks or ["- nothing on the list"]),
        *not_known(c),
        "",
        *(["## On what sources disagree", "", *disputed, ""] if disputed else []),
        *decision_section(c, d),
        *model_sections(c),
        "## Files",
        "",
    ]


def _unstable(c: Contents, runtime: RuntimeFile) -> list[str]:
    """Repeats, if there were any, and the prompts whose answers disagree at temperature 0."""
    unstable = [*(runtime.proof.figures.unstable if runtime.proof else ()), *(r.case for r in c.results if r.unstable)]
    asked = (
        [f"- Repeats: each prompt was asked {runtime.settings.repeats} times"] if runtime.settings.repeats > 1 else []
    )
    return asked + ([f"- **Unstable** at temperature 0: {', '.join(map(code, unstable))}"] if unstable else [])


def _reused(c: Contents, runtime: RuntimeFile) -> list[str]:
    """How many prompts kept a part of the KV cache, and what came of the check that answers stay the same."""
    kept = sum(row.reused_tokens > 0 for row in c.results)
    cold = f"{kept} of {len(c.results)} cases kept a part of the KV cache: their TTFT is no cold one"
    checks = [code(check.reason) for check in runtime.prefix_checks]
    return [f"- Prefix reuse: {'; '.join([cold, *checks])}"] if kept or checks else []


def _overruled(c: Contents) -> list[str]:
    """Marks that a person put in place of the grader's."""
    return [
        f"- **Overruled** by the person: {code(row.case)} {'passes' if row.overruled.passed else 'fails'}, the grader "
        f"says it {'passes' if row.passed else 'fails'}: {code(row.overruled.reason)}"
        for row in c.results
        if row.overruled
    ]


_SIGNED = (
    "If somebody has signed it, `tagmanifest-sha256.txt.sig` is their SSH signature. With their key in a file",
    "of the form `allowed_signers`:",
    "",
    "```sh",
    "weighbridge verify --signers allowed_signers .",
    "ssh-keygen -Y verify -f allowed_signers -I NAME -n evidence-packet -s tagmanifest-sha256.txt.sig \\",
    "  < tagmanifest-sha256.txt",
    "```",
    "",
    "`weighbridge verify --strict` fails where evidence is still owed, and names it; so does a validator of BagIt",
    "profiles with `schemas/bagit-profile.json`.",
    "",
)
_AGAIN = (
    "`weighbridge prove --from .` runs `recipe.json` again, and says which answers are equal and what else differs:",
    "recipe, figures, machine.",
)


def _tail(runtime: RuntimeFile) -> list[str]:
    left_out = runtime.jobs_left_out
    cut = f"{left_out} earlier jobs of this run are not in events.jsonl." if left_out else ""
    return [
        *([cut, ""] if cut else []),
        "## How to check it",
        "",
        "In the packet's folder, with common tools (the second checks the first):",
        "",
        "```sh",
        "sha256sum -c manifest-sha256.txt",
        "sha256sum -c tagmanifest-sha256.txt",
        "bagit.py --validate .",
        "weighbridge verify .",
        "```",
        "",
        "`weighbridge verify` also marks every stored answer again, recomputes score, interval, gate and figures from",
        "`events.jsonl`, writes the tables and the texts for people again and compares them byte for byte, and",
        "compares whatever stands in two files.",
        *(_AGAIN if runtime.proof else ()),
        "",
        *_SIGNED,
        *_LIMITS,
        "## How the figures are computed",
        "",
        *[f"- {name}: {formula}" for name, formula in FORMULAS_OF_RUNTIME.items()],
        "- peak_rss_bytes: high-water mark of the engine's process where the system keeps one, else the largest sample",
        "- TTFT and rates of the summary: medians over the requests of the job, the warm-up left out",
        f"- interval: {INTERVAL}",
        f"- gate: {GATE_RULE}",
        f"- cases_digest: {CASES_DIGEST}",
        "",
    ]
