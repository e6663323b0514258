"""A dialog: which of the machines that can be rented, with what each costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from weighbridge.domain.serving.billing import per_hour, per_minute
from weighbridge.domain.serving.rental import Hardware
from weighbridge.domain.serving.rental_words import hardware_words
from weighbridge.domain.text import clean_line

NAME, PER = 14, 8


def heading(width: int) -> str:
    return f"{'name':<{NAME}} {'what it is':<{_room(width)}} {'USD/min':>{PER}} {'USD/h':>{PER}}"


def hardware_line(one: Hardware, width: int) -> Content:
    """`l4x1           1 x L4, 24 GB      0.0133     0.80`."""
    room = _room(width)
    what = clean_line(hardware_words(one), 200)
    what = what if len(what) <= room else what[: room - 1] + "…"
    price = one.price
    minute, hour = (f"{float(per_minute(price)):,.4f}", f"{per_hour(price):,.2f}") if price else ("not", "told")
    return Content.assemble(
        (f"{clean_line(one.name, NAME):<{NAME}} ", "bold"),
        (f"{what:<{room}} ", "$foreground-muted"),
        f"{minute:>{PER}} {hour:>{PER}}",
    )


def _room(width: int) -> int:
    return max(8, width - NAME - 2 * PER - 3)


class HardwareScreen(ModalScreen[str | None]):
    """Gives the provider's name of what was chosen, or None. The cheapest with a GPU come first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="hardware.cancel", tooltip="Change nothing")
    ]
    DEFAULT_CSS = """
    HardwareScreen OptionList { height: 1fr; border: none; padding: 0; background: transparent;
                                text-wrap: nowrap; text-overflow: ellipsis; }
    HardwareScreen OptionList:focus { border: none; }
    HardwareScreen .option-list--option { padding: 0; }
    HardwareScreen #hardware-heading { color: $foreground-muted; }
    """

    def __init__(self, hardware: Sequence[Hardware], chosen: str) -> None:
        super().__init__()
        self._rows = sorted(hardware, key=_rank)
        self._chosen = chosen

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide-dialog"):
            yield Static("Which machine is rented?", classes="dialog-title", markup=False)
            yield Static(id="hardware-heading", markup=False)
            yield OptionList(id="rows", markup=False)
            yield Static("Enter takes it · escape: change nothing", classes="dialog-keys", markup=False)

    def on_mount(self) -> None:
        self.call_after_refresh(self._fill)

    def _fill(self) -> None:
        rows = self.query_one("#rows", OptionList)
        width = rows.scrollable_content_region.width
        self.query_one("#hardware-heading", Static).update(heading(width))
        rows.set_options([Option(hardware_line(one, width), id=one.name) for one in self._rows])
        names = [one.name for one in self._rows]
        rows.highlighted = names.index(self._chosen) if self._chosen in names else 0
        rows.focus()

    @on(OptionList.OptionSelected)
    def _taken(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_id)

    def action_cancel(self) -> None:
        self.dismiss(None)


def _rank(one: Hardware) -> tuple[bool, bool, float]:
    return (not one.gpus, one.price is None, per_hour(one.price) if one.price else 0.0)
