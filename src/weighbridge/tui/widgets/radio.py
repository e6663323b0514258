"""One answer of several: a full circle for the chosen one, an empty one for the rest, so that colour is not needed."""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Size
from textual.widgets import RadioButton


class Radio(RadioButton):
    """A radio button whose sign, not only its colour, says whether it is chosen."""

    DEFAULT_CSS = """
    Radio { background: transparent; }
    RadioSet > Radio.-on > .toggle--label { text-style: bold; }
    """

    def __init__(self, label: str, value: bool, *, tooltip: str | None = None) -> None:
        super().__init__(Content(label), value, tooltip=tooltip)
        self._text = label

    def render(self) -> Content:
        style = self.get_visual_style("toggle--label")
        return Content.assemble("● " if self.value else "○ ", (self._text, style))

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return len(self._text) + 2
