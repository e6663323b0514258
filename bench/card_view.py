"""How long the wizard's card view takes from being given a card of 100,000 lines until it is painted, and to jump to
its last line. Goal: at most 1 s to open. The card mixes headings, prose that wraps, lists, tables, code and Japanese.

    python bench/card_view.py [ROUNDS]
"""

from __future__ import annotations

import asyncio
import sys
import time
from statistics import median

from textual.app import App, ComposeResult
from textual.pilot import Pilot

from weighbridge.tui.widgets.card_text import CardText

GOAL_S = 1.0
LINES = 100_000
FRONT = ("---", "license: apache-2.0", "language: [en, ja]", "---")
BODY = (
    "# A section",
    "",
    "Some prose that goes on for a good while, so that it has to be wrapped over two or more rows of the screen.",
    "- an item of a list that is long enough to need a second row on a terminal of eighty columns or less",
    "> a quotation",
    "| a table | with | cells |",
    "```",
    "some code",
    "```",
    "日本語の文章がここに長く続いていて、折り返しが必要になるはずです。もう少し続けます。もう少しだけ続けます。",
    "A short line.",
)


class Viewer(App[None]):
    """The view alone, on a screen of 80x24."""

    def compose(self) -> ComposeResult:
        yield CardText(id="card")


def card() -> str:
    body = BODY * (LINES // len(BODY) + 1)
    return "\n".join([*FRONT, *body][:LINES])


async def _painted(pilot: Pilot[None], word: str) -> None:
    """Waits until the view has been laid out, and its rows hold a word."""
    view = pilot.app.query_one(CardText)
    while True:
        await pilot.pause()
        if any(word in view.render_line(y).text for y in range(view.size.height)):
            return


async def once(text: str) -> tuple[float, float]:
    """Seconds to open, and to jump to the end."""
    app = Viewer()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        view = app.query_one(CardText)
        began = time.perf_counter()
        view.show(text)
        await _painted(pilot, "license")
        opened = time.perf_counter()
        view.jump(LINES)
        await pilot.pause()
        return opened - began, time.perf_counter() - opened


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    text = card()
    taken = [asyncio.run(once(text)) for _ in range(rounds)]
    opening, jumping = (median(values) for values in zip(*taken, strict=True))
    print(f"card                      {LINES:,} lines, {len(text.encode()) / 1e6:.1f} MB")
    print(f"opened and painted        {opening:.3f} s (median of {rounds}); goal: at most {GOAL_S:.0f} s")
    print(f"jump to the last line     {jumping:.3f} s")
    return 0 if opening <= GOAL_S else 1


if __name__ == "__main__":
    raise SystemExit(main())
