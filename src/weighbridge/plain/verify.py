"""`weighbridge verify`: what was looked at in a packet, and what does not hold."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from weighbridge.domain.text import clean_line
from weighbridge.plain import diagnostics, output
from weighbridge.plain.exits import Exit
from weighbridge.services.packet_io.verify import verify_packet


def main(args: Namespace) -> int:
    report = verify_packet(Path(args.packet))
    if args.json:
        output.json_line({"packet": args.packet, **report.model_dump(mode="json")})
    else:
        for check in report.checks:
            word = "holds" if check.ok else "DOES NOT HOLD" if check.checked else "NOT CHECKED"
            output.text(f"{word}: {check.name}: {check.detail.removeprefix('not checked: ')}")
        if report.seal:
            output.text(f"seal: {report.seal}")
    if report.ok:
        return Exit.DONE
    broken = sum(not check.ok and check.checked for check in report.checks)
    diagnostics.say(
        f"{clean_line(args.packet)} does not verify: {broken} of {len(report.checks)} checks do not hold.",
        "Ask for the packet again; what was changed cannot be told from what was meant.",
    )
    return Exit.CHECK
