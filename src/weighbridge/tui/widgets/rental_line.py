"""One row below the title, on every step, as long as a rented GPU may cost money; gone where none does."""

from __future__ import annotations

from collections.abc import Sequence

from textual.widgets import Static

from weighbridge.domain.serving.rental import Rental
from weighbridge.domain.serving.rental_words import spent_words
from weighbridge.domain.text import clean_line


def line_words(rental: Rental | None, left: Sequence[Rental], doing: str, now: str) -> str:
    """Spent so far, the cap, and the key that stops it; else what an earlier run has left running. What must not be
    cut on a narrow screen stands first."""
    if rental is not None and not rental.over:
        name, spent = clean_line(rental.order.hardware.name, 24), spent_words(rental, now)
        if rental.stop is not None and not doing:
            return f"! f9 asks again: the stop is not proven · {name} · {spent}"
        return f"{'!' if rental.stop is not None else '▶'} {name} · {spent} · {doing or 'f9 stops it'}"
    if len(left) == 1:
        return "! f9 lists and stops it: 1 rented GPU runs and costs money"
    if left:
        return f"! f9 lists and stops them: {len(left)} rented GPUs run and cost money"
    return ""


class RentalLine(Static):
    """Redrawn by the timer of the step: money runs while nothing else happens."""

    DEFAULT_CSS = """
    RentalLine { height: 1; padding: 0 1; background: $warning-muted; color: $text-warning; text-style: bold;
                 text-wrap: nowrap; text-overflow: ellipsis; display: none; }
    """

    def __init__(self, *, id: str) -> None:
        super().__init__(markup=False, id=id)
        self._words = ""

    def show(self, words: str) -> None:
        """Empty words take the row away."""
        if words != self._words:
            self._words = words
            self.display = bool(words)
            self.update(words)
