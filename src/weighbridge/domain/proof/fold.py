"""The summary of one job, folded event by event: nothing is kept of a token but its inter-token latency."""

from __future__ import annotations

from typing import TypeVar

from weighbridge.domain.proof.child_fold import ChildFold
from weighbridge.domain.proof.events import Attempt, Completed, Event, Sample, Token
from weighbridge.domain.proof.measure import AttemptOutcome, JobFigures, RequestFigures, add_outcome

E = TypeVar("E")


class JobFold:
    """Takes the events of one job in order. The figures are those of its newest child, the requests those of all.

    Held in memory: 8 bytes a token, and the figures and the text of each answer, texts that are equal once.
    """

    def __init__(self) -> None:
        self._requests: list[RequestFigures] = []
        self._texts: dict[str, str] = {}
        self._outcomes: list[AttemptOutcome] = []
        self._newest: dict[type, Event] = {}
        self._child = ChildFold()

    def add(self, event: Event) -> None:
        """Takes one event in. Constant time."""
        if isinstance(event, Attempt):
            self._child = ChildFold()
        figures = self._child.add(event)
        if figures is not None:
            self._requests.append(self._shared(figures))
        if not isinstance(event, Token | Sample | Completed):
            self._newest[type(event)] = event
            add_outcome(self._outcomes, event)

    def newest(self, kind: type[E]) -> E | None:
        """The newest event of a kind; not of tokens, samples and answers."""
        found = self._newest.get(kind)
        return found if isinstance(found, kind) else None

    def requests(self) -> tuple[RequestFigures, ...]:
        """Figures of every completed request so far, warm-ups too."""
        return tuple(self._requests)

    def figures(self) -> JobFigures:
        """The summary so far. Costs a sort of all inter-token latencies."""
        return JobFigures.model_validate({"attempts": tuple(self._outcomes), **self._child.figures()})

    def _shared(self, figures: RequestFigures) -> RequestFigures:
        output = self._texts.setdefault(figures.output, figures.output)
        prompt = self._texts.setdefault(figures.prompt, figures.prompt)
        return figures.model_copy(update={"output": output, "prompt": prompt})
