"""A file on its way, in one row: bar, amount, rate and time left. Gone where nothing moves."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import ProgressBar, Static

from weighbridge.tui.work.transfer import Transfer


class TransferBar(Horizontal):
    """`show` is called by a timer: what moves the bytes never waits for the screen."""

    DEFAULT_CSS = """
    TransferBar { height: 1; margin-bottom: 1; display: none; }
    TransferBar ProgressBar, TransferBar Bar { width: 14; }
    TransferBar Static { width: 1fr; padding-left: 1; color: $foreground-muted; }
    """

    def __init__(self, before: str, *, id: str) -> None:
        """`before`: what is said while the amount is not known."""
        super().__init__(id=id)
        self._before = before

    def compose(self) -> ComposeResult:
        yield ProgressBar(show_eta=False, show_percentage=False)
        yield Static(markup=False)

    def show(self, transfer: Transfer | None) -> None:
        self.display = transfer is not None
        if transfer is not None:
            self.query_one(ProgressBar).update(total=transfer.total or None, progress=transfer.done)
            self.query_one(Static).update(transfer.words() or self._before)
