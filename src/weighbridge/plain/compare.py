"""`weighbridge compare`: two packets side by side, and whether something became worse."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from weighbridge.plain import diagnostics, output
from weighbridge.plain.exits import Exit
from weighbridge.plain.texts.compared import page
from weighbridge.session.comparing import compare_packets


def main(args: Namespace) -> int:
    """0, or 5 where --fail-on-regression finds one. A packet that does not hold is refused with 5 before."""
    found = compare_packets(Path(args.old), Path(args.new), unverified=args.unverified)
    if args.json:
        output.json_line(found.model_dump(mode="json"))
    else:
        output.text(page(found))
    for head in (found.old, found.new):
        if not head.verified:
            diagnostics.say(f"{head.packet} is not verified: {'; '.join(head.problems)}")
    if not (args.fail_on_regression and found.regression):
        return Exit.DONE
    first, more = found.regressions[0], len(found.regressions) - 1
    diagnostics.say(f"regression: {first}{f', and {more} more' if more else ''}.")
    return Exit.CHECK
