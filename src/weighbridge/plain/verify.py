"""`weighbridge verify`: what was looked at in a packet, what does not hold, and, if asked, what is still owed."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from weighbridge.domain.text import clean_line
from weighbridge.plain import diagnostics, output
from weighbridge.plain.exits import Exit
from weighbridge.services.packet_io.report import Report
from weighbridge.services.packet_io.verify import verify_packet


def main(args: Namespace) -> int:
    signers = Path(args.signers).expanduser() if args.signers else None
    report = verify_packet(Path(args.packet), strict=args.strict, signers=signers)
    if args.json:
        output.json_line({"packet": args.packet, **report.model_dump(mode="json")})
    else:
        for check in report.checks:
            word = "NOT CHECKED" if not check.checked else "holds" if check.ok else "DOES NOT HOLD"
            output.text(f"{word}: {check.name}: {check.detail.removeprefix('not checked: ')}")
        if report.seal:
            output.text(f"seal: {report.seal}")
    return Exit.DONE if report.ok else _failed(clean_line(args.packet), report)


def _failed(packet: str, report: Report) -> int:
    owed = [check for check in report.checks if check.name == "owed"]
    broken = [check for check in report.checks if not check.ok and check.checked and check not in owed]
    if owed and not broken and all(check.ok or check in owed for check in report.checks):
        diagnostics.say(
            f"{packet} holds, and owes {len(owed)} {'thing' if len(owed) == 1 else 'things'} to its route.",
            "Fill what is owed in the wizard, or without --strict take the packet as it is.",
        )
    else:
        diagnostics.say(
            f"{packet} does not verify: {len(broken)} of {len(report.checks)} checks do not hold.",
            "Ask for the packet again; what was changed cannot be told from what was meant.",
        )
    return Exit.CHECK
