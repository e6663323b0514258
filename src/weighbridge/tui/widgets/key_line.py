"""The footer: as many keys as the width holds, each of them whole, the most needed first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding
from textual.screen import Screen
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

OWN = ""
"""Stands for the keys of the step."""
ORDER = ("help", "command_palette", "stop", "next", "start", "back", "quit", OWN, "jump", "runs")
"""Which actions get room first. What is left out is in the palette too."""
ORDER_OF_A_JOB = ("help", "command_palette", "stop", OWN, "next", "back", "quit", "jump", "runs")
"""The same while a job runs: its own keys are in no other place of the screen."""
ORDER_OF_A_RENTAL = ("help", "rentals", "stop", "back", "quit", "next", "command_palette", "start", OWN, "jump", "runs")
"""While money runs: what ends it, and the ways out, before everything else."""


def _action(active: ActiveBinding) -> str:
    return active.binding.action.removeprefix("app.")


def _rank(active: ActiveBinding, order: Sequence[str]) -> int:
    action = _action(active)
    return order.index(action if action in order else OWN)


def fitting(shown: Sequence[tuple[ActiveBinding, int]], width: int) -> Iterator[ActiveBinding]:
    """Those of the keys that fit beside each other, in their order. Each comes with its own width in columns."""
    left, kept = width + 1, set()
    actions = {_action(active) for active, _ in shown}
    order = ORDER_OF_A_RENTAL if "rentals" in actions else ORDER_OF_A_JOB if "stop" in actions else ORDER
    for at in sorted(range(len(shown)), key=lambda at: _rank(shown[at][0], order)):
        if shown[at][1] + 1 <= left:
            left -= shown[at][1] + 1
            kept.add(at)
    return (active for at, (active, _) in enumerate(shown) if at in kept)


class KeyLine(Footer):
    """The keys that work at this moment: those of the step, or of the dialog above it. Laid out anew with the width."""

    _width = 0

    def __init__(self) -> None:
        super().__init__(compact=True, show_command_palette=False)

    def compose(self) -> ComposeResult:
        if not self._bindings_ready:
            return
        shown = [(active, self._width_of(active)) for active in self._acting()]
        for _, binding, enabled, tooltip in fitting(shown, self.app.size.width):
            yield FooterKey(
                binding.key,
                self.app.get_key_display(binding),
                binding.description,
                binding.action,
                disabled=not enabled,
                tooltip=tooltip,
            )

    def _acting(self) -> Iterable[ActiveBinding]:
        """The keys that are to be shown, one for each action."""
        keys: dict[str, ActiveBinding] = {}
        for active in (*self.app.screen.active_bindings.values(), *self._of_app()):
            if active.binding.show:
                keys.setdefault(active.binding.action, active)
        return keys.values()

    def _of_app(self) -> Iterator[ActiveBinding]:
        """The keys of the app that act before every screen, dialogs too, which do not list them."""
        for binding in self.app.BINDINGS:
            if isinstance(binding, Binding) and binding.priority and self.app.check_action(binding.action, ()):
                yield ActiveBinding(self.app, binding, enabled=True, tooltip=binding.tooltip)

    def _width_of(self, active: ActiveBinding) -> int:
        return cell_len(f"{self.app.get_key_display(active.binding)} {active.binding.description}")

    def on_mount(self) -> None:
        super().on_mount()
        self.app.screen_change_signal.subscribe(self, self._top_changed)
        self._top_changed(self.app.screen)

    def _top_changed(self, top: Screen[object]) -> None:
        """Another screen lies on top: its keys are the ones that act, and it says when they change."""
        if not self.is_attached:
            return
        if top is not self.screen:
            top.bindings_updated_signal.subscribe(self, self._of_dialog)
        self.bindings_changed(self.screen)

    async def recompose(self) -> None:
        """New keys below a dialog are seen only once it is painted itself."""
        await super().recompose()
        if self.is_attached and self.app.screen is not self.screen:
            self.call_after_refresh(self.app.screen.refresh)

    def _of_dialog(self, dialog: Screen[object]) -> None:
        if self.is_attached and dialog is self.app.screen:
            self.bindings_changed(self.screen)

    def on_resize(self, event: events.Resize) -> None:
        if event.size.width != self._width:
            self._width = event.size.width
            self.bindings_changed(self.screen)
