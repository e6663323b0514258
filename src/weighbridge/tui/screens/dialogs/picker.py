"""A file picker: folders and .gguf files, nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import DirectoryTree, Static
from textual.widgets._directory_tree import DirEntry
from textual.widgets.tree import TreeNode

from weighbridge.domain.text import clean_line


class GgufTree(DirectoryTree):
    """A directory tree without hidden entries; a file name can carry anything, so labels are plain text."""

    ICON_FILE = ""
    ICON_NODE = "▸ "
    ICON_NODE_EXPANDED = "▾ "

    def filter_paths(self, paths: Iterable[Path]) -> Iterable[Path]:
        for path in paths:
            try:
                wanted = path.is_dir() or path.suffix.lower() == ".gguf"
            except OSError:
                continue
            if wanted and not path.name.startswith("."):
                yield path

    def render_label(self, node: TreeNode[DirEntry], base_style: Style, style: Style) -> Text:
        label = super().render_label(node, base_style, style)
        return Text(clean_line(label.plain) + " ", style=style)


class FilePicker(ModalScreen[str | None]):
    """Gives the path of the chosen file, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="picker.cancel", tooltip="Choose no file"),
        Binding("backspace", "up", "Folder above", id="picker.up", tooltip="Show the folder above"),
    ]

    def __init__(self, start: str) -> None:
        super().__init__()
        place = Path(start).expanduser() if start else Path.cwd()
        self._root = next((p for p in (place, *place.parents) if p.is_dir()), Path.cwd()).absolute()

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide-dialog"):
            yield Static(id="picker-root", markup=False, classes="dialog-title")
            yield GgufTree(self._root)
            yield Static("Enter opens or takes · backspace: folder above · escape: none", classes="dialog-keys")

    def on_mount(self) -> None:
        self._show_root()

    def _show_root(self) -> None:
        self.query_one("#picker-root", Static).update(f"A .gguf file in {clean_line(str(self._root))}")

    @on(DirectoryTree.FileSelected)
    def _file(self, event: DirectoryTree.FileSelected) -> None:
        self.dismiss(str(event.path))

    def action_up(self) -> None:
        self._root = self._root.parent
        self.query_one(GgufTree).path = self._root
        self._show_root()

    def action_cancel(self) -> None:
        self.dismiss(None)
