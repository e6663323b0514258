"""`weighbridge compare`: two packets side by side, and whether something became worse."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from weighbridge.domain.compare.comparison import Comparison
from weighbridge.domain.compare.words import anything_compared, not_compared, problem_of
from weighbridge.plain import diagnostics, output
from weighbridge.plain.exits import Exit
from weighbridge.plain.texts.compared import page
from weighbridge.plain.texts.wrapping import columns
from weighbridge.session.packets.comparing import compare_packets


def main(args: Namespace) -> int:
    """0, or 5 where --fail-on-regression finds one or can compare nothing. A packet that does not hold: 5 before."""
    found = compare_packets(Path(args.old), Path(args.new), unverified=args.unverified)
    if args.json:
        output.json_line(found.model_dump(mode="json"))
    else:
        output.text(page(found, columns()))
    for head in (found.old, found.new):
        if not head.verified:
            diagnostics.say(f"{head.packet} is not verified: {problem_of(head)}")
    return _failing(found) if args.fail_on_regression else Exit.DONE


def _failing(found: Comparison) -> int:
    """The exit code of --fail-on-regression. What was not compared is said: nothing is known to be sound of it."""
    if not anything_compared(found):
        diagnostics.say(
            "nothing could be compared: no regression can be ruled out.",
            "The comparison names what has to be the same. Without --fail-on-regression it ends with 0.",
        )
        return Exit.CHECK
    if left := not_compared(found):
        diagnostics.say(f"not compared: {', '.join(left)}.")
    if not found.regression:
        return Exit.DONE
    first, more = found.regressions[0], len(found.regressions) - 1
    diagnostics.say(f"regression: {first}{f', and {more} more' if more else ''}.")
    return Exit.CHECK
