"""First paint of the wizard beside that of a bare Textual app with one Label, in turns. Goal: at most 1.25 times.

The clock runs from the start of the process until the last row of the rail was drawn in a pseudo-terminal of 80x24:
the first frame. Beside it stands, without a goal, the moment when the first step is complete and takes answers. The
wizard starts a new run in an empty data folder every time.

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


def paints(argv: list[str], *words: bytes) -> list[float]:
    """Seconds until each of the words was drawn, in this order."""
    with tempfile.TemporaryDirectory() as home:
        terminal = Terminal([sys.executable, *argv], {"WEIGHBRIDGE_HOME": home})
        try:
            return [terminal.until(lambda drawn: word in drawn) for word in words]  # noqa: B023
        finally:
            terminal.close()


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    bare, wizard = ["-c", BARE], ["-m", "weighbridge"]
    marks = (b"Packet", b"Palette")
    paints(bare, b"first-paint"), paints(wizard, *marks)
    pairs = [(paints(bare, b"first-paint")[0], paints(wizard, *marks)) for _ in range(rounds)]
    base, first, whole = (median(v) for v in zip(*((a, *b) for a, b in pairs), strict=True))
    print(f"rounds                    {rounds}")
    print(f"bare app, one Label       {base:.3f} s (median)")
    print(f"wizard, first frame       {first:.3f} s (median)")
    print(f"wizard, first step        {whole:.3f} s (median), {whole / base:.2f} times the bare app")
    print(f"ratio                     {first / base:.2f} (of the medians); goal: at most {GOAL}")
    return 0 if first / base <= GOAL else 1


if __name__ == "__main__":
    raise SystemExit(main())
