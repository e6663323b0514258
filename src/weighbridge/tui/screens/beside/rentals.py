"""The screen of rented GPUs: what runs, of this run and of others, what it has cost, and the key that stops it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from weighbridge.domain.problems import Problem
from weighbridge.domain.serving.rental import Rental
from weighbridge.domain.serving.rental_words import money, spent_words, stop_words
from weighbridge.domain.text import clean_line
from weighbridge.tui.screens.dialogs.ask import Ask
from weighbridge.tui.widgets.status_line import Notice, StatusLine, sentence

if TYPE_CHECKING:
    from weighbridge.tui.work.rental_jobs import RentalJobs

KEYS = "Enter stops one · r looks again · escape closes"
NONE = "Nothing is rented that could still cost money, as far as the ledger and the provider tell."


def rental_line(rental: Rental, mine: bool, now: str) -> Content:
    """`l4x1  job 64f…  run 2026…` and below it how long it runs, and what it has cost."""
    whose = "this run" if mine else f"run {rental.order.run_id}"
    head = f"{rental.order.hardware.name} · job {rental.job_id or 'without an id'} · {whose}"
    return Content.assemble(
        (clean_line(head, 200), "bold"),
        "\n",
        (f"  {spent_words(rental, now)} · {clean_line(rental.order.repo, 80)}", "$foreground-muted"),
    )


class RentalsScreen(ModalScreen[None]):
    """Asks before it stops one, and shows the proof."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "Close", id="rentals.close", tooltip="Back to the step"),
        Binding("r", "look", "Look again", id="rentals.look", tooltip="Ask ledger and provider again"),
    ]
    DEFAULT_CSS = """
    RentalsScreen OptionList { height: 1fr; border: none; padding: 0; background: transparent; }
    RentalsScreen OptionList:focus { border: none; }
    RentalsScreen StatusLine { padding: 0; }
    """

    def __init__(self, jobs: RentalJobs, now: Callable[[], str]) -> None:
        super().__init__()
        self._jobs, self._now = jobs, now
        self._shown: tuple[Rental, ...] = ()

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide-dialog"):
            yield Static("Rented GPUs that may cost money", classes="dialog-title", markup=False)
            yield OptionList(id="rentals", markup=False)
            yield StatusLine(id="rentals-status")
            yield Static(KEYS, classes="dialog-keys", markup=False)

    def on_mount(self) -> None:
        self._fill()
        self.set_interval(1.0, self._fill)
        self.query_one("#rentals").focus()
        self.action_look()

    def _fill(self) -> None:
        mine = self._jobs.open
        self._shown = ((mine,) if mine is not None else ()) + self._jobs.left
        rows, now = self.query_one("#rentals", OptionList), self._now()
        at = rows.highlighted
        rows.set_options([Option(rental_line(one, one is mine, now)) for one in self._shown])
        if self._shown:
            rows.highlighted = min(at or 0, len(self._shown) - 1)

    def _say(self, notice: Notice) -> None:
        self.query_one(StatusLine).show(notice)

    @work(exclusive=True, group="look")
    async def action_look(self) -> None:
        """Asks once more what is left running."""
        self._say(Notice("Asking ledger and provider …", kind="hint"))
        try:
            await self._jobs.look()
        except Problem as problem:
            self._say(Notice.of(problem))
            return
        self._fill()
        self._say(Notice(NONE if not self._shown else "", kind="hint"))

    @on(OptionList.OptionSelected, "#rentals")
    @work(exclusive=True, group="stop")
    async def _stop(self, event: OptionList.OptionSelected) -> None:
        rental = self._shown[event.option_index]
        question = f"Stop {rental.order.hardware.name}, job {rental.job_id}? Its cap is {money(rental.order.cap_usd)}."
        if not await self.app.push_screen_wait(Ask(question, "Stop it", "Let it run")):
            return
        self._say(Notice("Stopping it, and waiting for the proof …"))
        try:
            stopped = await self._jobs.stop_one(rental)
        except Problem as problem:
            self._say(Notice.of(problem))
            return
        self._fill()
        self._say(Notice(sentence(stop_words(stopped)), kind="info" if stopped.over else "problem"))
