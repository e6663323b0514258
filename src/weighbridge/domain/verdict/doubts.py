"""What a server's account of its answers leaves in doubt, over the cases of an eval.

A prompt that was cut, or an answer of another model, says little of the model that was asked: the gate is WARNED at
best then. Every other doubt is told beside the gate.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

CUT = "it has most likely cut the prompt without a word."
"""How every sentence on a prompt that was cut ends."""
OTHER_MODEL = "The answer names the model "
"""How the sentence on an answer of another model begins."""
_NAMED, _SENTENCES = 4, 20
"""Cases named beside a sentence; sentences kept."""


class Doubted(Protocol):
    """A result of a case."""

    @property
    def case(self) -> str: ...

    @property
    def doubts(self) -> tuple[str, ...]: ...


def warnings(results: Sequence[Doubted]) -> list[str]:
    """Why a gate over these results is WARNED at best; empty where nothing is that doubtful."""
    cut = [one.case for one in results if any(said.endswith(CUT) for said in one.doubts)]
    other = [one.case for one in results if any(said.startswith(OTHER_MODEL) for said in one.doubts)]
    reasons = [f"prompts most likely cut by the server: {', '.join(cut)}"] if cut else []
    return reasons + ([f"answers that name another model: {', '.join(other)}"] if other else [])


def told(results: Iterable[Doubted]) -> tuple[str, ...]:
    """Each sentence once, in the order of the cases, with the cases that it is of."""
    cases: dict[str, list[str]] = {}
    for one in results:
        for said in one.doubts:
            cases.setdefault(said, []).append(one.case)
    lines = [f"{said} ({_named(names)})" for said, names in cases.items()]
    more = len(lines) - _SENTENCES
    return (*lines[:_SENTENCES], *((f"{more} more are in the results.",) if more > 0 else ()))


def _named(cases: Sequence[str]) -> str:
    more = len(cases) - _NAMED
    named = ", ".join(cases[:_NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"{'case' if len(cases) == 1 else 'cases'} {named}"
