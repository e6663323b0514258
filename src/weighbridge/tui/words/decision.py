"""Step 8 in words: the score, each choice with its reason, what was tried, and what so many cases can show."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from weighbridge.domain import flow
from weighbridge.domain.deciding import cost_so_far
from weighbridge.domain.run import Run
from weighbridge.domain.text import clean, clean_line
from weighbridge.domain.verdict.decision import Choice, Option
from weighbridge.domain.verdict.stats import words_for
from weighbridge.tui.widgets.sheet import Row
from weighbridge.tui.widgets.wrap import hanging

TITLES = {"prompt": "prompt", "rag": "RAG"}


def option_line(option: Option, why: str, chosen: bool, recommended: bool, width: int) -> Content:
    """`● keep   ✓ allowed, recommended` and below it the reason."""
    word = "allowed" if option.allowed else "locked"
    if recommended:
        word += ", recommended"
    tone = "$text-success" if option.allowed else "$foreground-muted"
    return Content.assemble(
        (f"{'●' if chosen else '○'} {option.choice:<8}", "bold" if chosen else ""),
        (f"{'✓' if option.allowed else '✗'} {word}", tone),
        "\n",
        (hanging(clean(why), width, 2), "$foreground-muted"),
    )


def reason_of(option: Option, run: Run, is_open: bool) -> str:
    """Why a choice is allowed or locked. Of the one under the cursor all of it: the way out, the cost beside `stop`."""
    cost = cost_so_far(run) if option.choice == "stop" else None
    if not is_open:
        return option.why.split(". ")[0] + (f"; so far {cost.brief}" if cost else "")
    said = ". ".join(filter(None, (option.why, option.way_out)))
    return f"{said}. So far: {cost.text}" if cost else said


def note(run: Run, chosen: Choice | None) -> str:
    """The decision on record, or the score and what follows from it."""
    if run.verdict:
        return f"On record: {run.verdict.choice}. {run.verdict.reason}"
    gate, failed = flow.current_gate(run), flow.failure(run)
    if gate is not None:
        score = f"{gate.passed} of {gate.total} cases passed ({gate.gate})"
        return f"{score}; 95 % interval {gate.interval.text}. Choose what follows from it."
    if failed:
        return f"The proof failed: {failed}"
    if chosen is None and run.planned:
        return "Nothing has run yet on this route, so only stop can be decided. You may go on without."
    return "No eval has run to its end. Stop needs no evidence; the rest does."


def standing(run: Run) -> str:
    """What the status says of the choice: what is chosen, and whether a reason is owed for it."""
    advice = flow.recommended(run)[0]
    if run.choice is None or run.choice == advice:
        word = f"{advice} is recommended" if run.choice is None else f"{advice} is chosen, as recommended"
        return f"{word}; " + ("Next takes it, no reason is owed." if not run.reason else "your reason goes with it.")
    return f"{run.choice} is chosen; " + ("your reason goes with it." if run.reason.strip() else "a reason is owed.")


def asked_why(run: Run) -> str:
    """What stands in the empty line of the reason."""
    advice = flow.advised(run)
    if run.choice in (None, advice.choice):
        return f"optional; recommended for: {advice.why}" if advice.choice else "why, in your own words"
    return f"why {run.choice}?"


def tried_rows(run: Run) -> Iterator[Row]:
    """What was tried against a failed baseline, and what came of it."""
    digest = run.evaluation.policy.cases_digest if run.evaluation else ""
    answering = [one.speaks_of(digest) for one in run.tried]
    for one, answers in zip(run.tried, answering, strict=True):
        result = one.result or "no result yet" + (": run the cases with it" if answers else "")
        earlier = "" if answers else "[of an earlier baseline] "
        yield Row(TITLES[one.what], f"{earlier}{clean_line(one.note, 300)} ({result})", "text" if answers else "muted")
    if run.tried and not any(answering):
        yield Row("here", "nothing yet: p puts another prompt on record for this baseline, r RAG.", "muted")
    if not run.tried:
        yield Row("nothing", "p puts another prompt on record, r RAG: LoRA needs one of them.", "muted")


def shown_rows(run: Run) -> Iterator[Row]:
    """What the count of the cases can and cannot show."""
    gate = flow.current_gate(run)
    for sentence in words_for(gate.passed, gate.total) if gate else ():
        yield Row("·", sentence, "muted")
