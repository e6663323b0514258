"""Facts from a model card of 1,000, 10,000 and 100,000 lines: `python bench/card.py [rounds]`.

The time per line must stay the same as the card grows, for a card such as people write and for hostile ones.
"""

from __future__ import annotations

import sys
import time

from weighbridge.domain.model.hub import CardText, HubRepo
from weighbridge.services.card.extract import card_facts

SIZES = (1_000, 10_000, 100_000)
LIMIT_RATIO = 2.0
"""Most that a line may cost in the longest card, in times of what it costs in the shortest."""
LIMIT_S = 2.0
"""Most for 100,000 lines of a card such as people write."""

REPO = HubRepo(repo="org/model", revision="a" * 40, fetched_at="2026-01-01T00:00:00Z", endpoint="https://hub.example")
FRONT = "---\nlicense: apache-2.0\nlanguage: [en, de]\nbase_model: org/base\n---\n# A model\n"
COMMON = """
## Limitations

The model may be wrong, and its **context length** of 32,768 tokens is not a promise. See
[the report](https://example.org/report) for how it was measured, and `eval.py` for the code.

- It repeats itself, above all in long answers that nobody reads to their end.
- It knows little of what happened lately.

```bash
# pip install model
```

| size | score |
|---|---|
| 1B | 0.42 |
"""
KINDS = {
    "common": COMMON,
    "quotes": "> " * 60 + "deep\n",
    "brackets": "[" * 80 + "\n",
    "ticks": "`" * 3 + "a " + "`" * 70 + "\n",
    "bold": "**Limitations** " * 5 + "\n",
    "headings": "# Limitations\n",
    "tables": "| context | length |\n|---|---|\n",
    "comments": "<!-- a\n",
    "dashes": "text\n---\n",
}


def card(piece: str, lines: int) -> CardText:
    """A card of about `lines` lines."""
    return CardText(repo="org/model", revision="a" * 40, text=FRONT + piece * (lines // piece.count("\n")))


def seconds(text: CardText, rounds: int) -> float:
    """CPU seconds of the quickest of some rounds: what else runs on the machine only ever adds."""
    times = []
    for _ in range(rounds):
        began = time.process_time()
        card_facts(REPO, text)
        times.append(time.process_time() - began)
    return min(times)


def main(rounds: int) -> int:
    """Prints one line a kind of card; 1 where a goal was missed."""
    missed = False
    seconds(card(COMMON, SIZES[0]), 1)
    for name, piece in KINDS.items():
        times = [seconds(card(piece, lines), rounds) for lines in SIZES]
        per_line = [1e6 * taken / lines for taken, lines in zip(times, SIZES, strict=True)]
        ratio = per_line[-1] / per_line[0]
        missed |= ratio > LIMIT_RATIO or (name == "common" and times[-1] > LIMIT_S)
        shown = ", ".join(f"{cost:.1f}" for cost in per_line)
        print(f"{name:9} {shown} µs a line; last to first {ratio:.2f}; 100,000 lines in {times[-1]:.2f} s", flush=True)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 3))
