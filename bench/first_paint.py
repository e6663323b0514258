"""First paint of the wizard beside that of a bare Textual app with one Label, in turns. Goal: at most 1.25 times.

The clock runs from the start of the process until the last word of the first screen was drawn in a
pseudo-terminal of 80x24. The wizard starts a new run in an empty data folder every time.

    python bench/first_paint.py [ROUNDS]
"""

from __future__ import annotations

import sys
import tempfile
from statistics import median

from terminal import Terminal

GOAL = 1.25
BARE = """
from textual.app import App
from textual.widgets import Label
class Bare(App):
    BINDINGS = [("ctrl+q", "quit", "Quit")]
    def compose(self):
        yield Label("first-paint")
Bare().run()
"""


def first_paint(argv: list[str], last_word: bytes) -> float:
    """Seconds until `last_word` was drawn."""
    with tempfile.TemporaryDirectory() as home:
        terminal = Terminal([sys.executable, *argv], {"WEIGHBRIDGE_HOME": home})
        try:
            return terminal.until(lambda drawn: last_word in drawn)
        finally:
            terminal.close()


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    bare, wizard = (["-c", BARE], b"first-paint"), (["-m", "weighbridge"], b"Palette")
    first_paint(*bare), first_paint(*wizard)
    pairs = [(first_paint(*bare), first_paint(*wizard)) for _ in range(rounds)]
    a, b = median(p for p, _ in pairs), median(p for _, p in pairs)
    print(f"rounds                    {rounds}")
    print(f"bare app, one Label       {a:.3f} s (median)")
    print(f"wizard                    {b:.3f} s (median)")
    print(f"ratio                     {b / a:.2f} (of the medians); goal: at most {GOAL}")
    return 0 if b / a <= GOAL else 1


if __name__ == "__main__":
    raise SystemExit(main())
