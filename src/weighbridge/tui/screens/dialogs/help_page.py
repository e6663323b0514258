"""Help of a step or of the cases: its page, and the keys that work there."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from typing import Any, ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen, Screen
from textual.widgets import Markdown, Static

from weighbridge.domain.run import Run
from weighbridge.domain.steps import StepId
from weighbridge.tui.shapes import shape_of

Page = StepId | Literal["cases", "elsewhere"]


def page_of(run: Run, step: StepId) -> Page:
    """The page of a step. Where the model runs somewhere else, the step Runtime is another one."""
    return "elsewhere" if step == "runtime" and shape_of(run) != "local" else step


def help_text(page: Page) -> str:
    """The page of a step, or of the cases, from the package."""
    return files("weighbridge").joinpath("data", "help", f"{page}.md").read_text(encoding="utf-8")


def keys_table(bindings: Iterable[Binding]) -> str:
    """A Markdown table of keys with what each does."""
    rows = [f"| {b.key_display or b.key} | {b.tooltip or b.description} |" for b in bindings if b.description]
    return "\n".join(["", "## Keys", "", "| key | what it does |", "|---|---|", *dict.fromkeys(rows)])


def own_keys(screen: Screen[Any]) -> list[Binding]:
    """The keys of a screen itself, without those of the app and of its fields."""
    return [active.binding for active in screen.active_bindings.values() if active.node is screen]


class HelpScreen(ModalScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,q", "dismiss", "Close", id="help.close", tooltip="Back to the step")
    ]

    def __init__(self, page: Page, bindings: Iterable[Binding]) -> None:
        super().__init__()
        self._text = help_text(page) + "\n" + keys_table(bindings)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide-dialog"):
            with VerticalScroll(id="help-page"):
                yield Markdown(self._text, open_links=False)
            yield Static("escape closes · arrows scroll", classes="dialog-keys")
