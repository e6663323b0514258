"""data/README.md: what the packet is, what is missing from it and why, and how to check it without weighbridge."""

from __future__ import annotations

from collections.abc import Collection

from weighbridge.domain.proof.measure import FORMULAS
from weighbridge.services.packet_io.evidence import Evidence
from weighbridge.services.packet_io.fill import CASES_DIGEST, GATE_RULE, INTERVAL, SOFTWARE
from weighbridge.services.packet_io.markdown import code
from weighbridge.services.packet_io.notes import fact_text

FILES = {
    "decision.json": "constraints, route, rejected families, gate, options, decision, what is missing",
    "model/model.json": "which weights: name, repository, revision, file, size, SHA-256",
    "model/card-facts.json": "licence, languages, context, safety, use: each with its source",
    "model/LICENSE-NOTE.md": "the licence as its sources state it",
    "policy.json": "the rule of the gate, saved before the first case ran",
    "eval/cases.jsonl": "the fixed cases, one a line",
    "eval/results.jsonl": "one result for each case: output, mark, figures",
    "resources/requests.csv": "every request; an empty cell was not measured",
    "resources/samples.csv": "memory and load of the engine's process over time; an empty cell was not measured",
    "system.json": "the machine and the engine's parameters, without host or user name",
    "runtime.json": "version, command, settings, attempts, figures, forecast against measured",
    "first-run.md": "command, prompt and output of the proof",
    "shutdown.md": "every process and how it ended",
    "events.jsonl": "everything that happened, in order; the figures are derived from it",
    "logs/": "the engine's own log of each attempt, folders of the machine taken out",
    "route/": "commands, typed values and evidence owed of a route that runs elsewhere",
    "schemas/": "JSON Schemas of the files above",
}
_PLANNED = "the packet is a plan: nothing was run"
_ABSENT = {
    "model/model.json": "no model was chosen",
    "model/card-facts.json": "no model was chosen",
    "model/LICENSE-NOTE.md": "no model was chosen",
    "policy.json": "no cases were chosen",
    "eval/cases.jsonl": "no cases were chosen",
    "eval/results.jsonl": "no case has run to its end",
    "first-run.md": "the proof has not run",
    "route/": "the route runs on this machine",
}


def readme(e: Evidence, present: Collection[str]) -> str:
    """`present`: the paths below `data/` that are written."""
    here, absent = [], []
    for name, what in FILES.items():
        if name in present or any(p.startswith(name) for p in present if name.endswith("/")):
            here.append(f"- {code(name)}: {what}")
        else:
            absent.append(f"- {code(name)}: {_why(e, name)}")
    return "\n".join([*_head(e), *here, "", "## Not in this packet", "", *(absent or ["- nothing"]), "", *_tail(e)])


def _why(e: Evidence, name: str) -> str:
    measured_only = name.startswith(("eval/results", "resources", "first", "shutdown", "events", "logs"))
    if e.status == "planned" and measured_only:
        return _PLANNED
    if name == "route/" and e.run.planned:
        return "no commands are known for this route"
    return _ABSENT.get(name, "nothing of it is on record")


def _head(e: Evidence) -> list[str]:
    run, gate = e.run, e.gate
    score = f"{gate.passed} of {gate.total} cases passed, {gate.gate}" if gate else "no finished eval stands"
    interval = f" (95 % interval {gate.interval.text})" if gate else ""
    lacks = [f"- {item.title}: {code(item.fact.reason)}" for item in e.completeness if not item.held]
    return [
        "# Evidence packet",
        "",
        f"An open-weight model, weighed by {SOFTWARE} at {e.source.at}.",
        "",
        f"- Status: {e.status}",
        f"- Task: {code(run.constraints.task)}",
        f"- Route: {run.decision.route}",
        f"- Model: {code(run.model.name) if run.model else 'none chosen'}",
        f"- Eval: {score}{interval}",
        f"- Decision: {e.decision}",
        "",
        "## What is known",
        "",
        *[f"- {item.title}: {fact_text(item.fact)}" for item in e.completeness if item.held],
        "",
        "## What is missing",
        "",
        *(lacks or ["- nothing on the list"]),
        "",
        "## Files",
        "",
    ]


def _tail(e: Evidence) -> list[str]:
    cut = f"{e.source.left_out} earlier jobs of this run are not in events.jsonl." if e.source.left_out else ""
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
        "`events.jsonl`, and compares every digest that occurs more than once.",
        "",
        "The checksums show integrity: no file has changed since the packet was written. They do not show who wrote",
        "it, nor that the run took place: whoever can write a packet can write its checksums too.",
        "",
        "## How the figures are computed",
        "",
        *[f"- {name}: {formula}" for name, formula in FORMULAS.items()],
        "- peak_rss_bytes: high-water mark of the engine's process where the system keeps one, else the largest sample",
        "- TTFT and rates of the summary: medians over the requests of the job, the warm-up left out",
        f"- interval: {INTERVAL}",
        f"- gate: {GATE_RULE}",
        f"- cases_digest: {CASES_DIGEST}",
        "",
    ]
