"""What to do next, once the decision stands: the last line of the chain."""

from __future__ import annotations

from weighbridge.domain.verdict.decision import Choice

AFTERWARDS: dict[Choice, str] = {
    "keep": "Give the packet to a colleague: they can check it without having seen the run.",
    "switch": "Go back to step 3 with a model of the next family, and weigh it with the same cases.",
    "RAG": "Build retrieval first, put its text into the cases, and weigh again.",
    "LoRA": "Plan the training on a GPU route; this packet is its baseline.",
    "stop": "Keep the packet as the reason why not. Nothing runs any more.",
}


def what_next(choice: Choice | None, planned: bool) -> str:
    """One sentence. `choice` is None where nothing was decided."""
    if choice is not None:
        return AFTERWARDS[choice]
    if planned:
        return "Run the plan's commands, and fill in the evidence that is owed."
    return "Nothing was decided: resume the run once the missing evidence can be had."
