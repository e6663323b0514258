"""`weighbridge verify`: what was looked at in a packet, what does not hold, and, if asked, what is still owed."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from weighbridge.domain.text import clean_line
from weighbridge.plain import diagnostics, output
from weighbridge.plain.exits import Exit
from weighbridge.services.packet_io import bag, signature
from weighbridge.services.packet_io.records.files import FORM
from weighbridge.services.packet_io.report import Check, Report
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
        if report.ok:
            output.text(_verdict(report))
    if report.ok:
        return Exit.DONE
    diagnostics.say(*_failed(clean_line(args.packet), report))
    return Exit.CHECK


def _verdict(report: Report) -> str:
    """The last line of a packet that holds: how much of it there is, and who stands by it."""
    signed = next((check for check in report.checks if check.name == signature.AREA), None)
    if signed is None:
        who = "not signed"
    else:
        who = signed.detail.removesuffix(signature.WHOSE) if signed.checked else "its signature not checked"
    return f"packet holds: {'complete' if not report.owes else f'{_things(report.owes)} owed'}, {who}"


def _failed(packet: str, report: Report) -> tuple[str, str]:
    """What is wrong, and what to do about it: only files that were changed are to be asked for again."""
    failed = [check for check in report.checks if not check.ok]
    broken = [check for check in failed if check.checked]
    if report.form is not None and not broken:
        return (
            f"{packet} cannot be checked by this version (form {report.form}; this one knows {FORM}).",
            "Use the version that wrote it: its files are as its manifests say, and its records were not looked at.",
        )
    owed = [check for check in failed if check.name == "owed"]
    if owed == failed:
        return (
            f"{packet} holds, and owes {_things(len(owed))} to its route.",
            "Fill what is owed in the wizard, or without --strict take the packet as it is.",
        )
    if [check for check in failed if check not in owed and check.name != signature.AREA]:
        return (
            f"{packet} does not verify: {len(broken)} of {len(report.checks)} checks do not hold.",
            "Ask for the packet again; what was changed cannot be told from what was meant.",
        )
    return _unsigned(packet, next(check for check in failed if check.name == signature.AREA))


def _unsigned(packet: str, signed: Check) -> tuple[str, str]:
    """Of a packet of which all holds but the signature."""
    if not signed.checked:
        why = signed.detail.removeprefix("not checked: ").partition(";")[0]
        return f"{packet} holds, and its signature was not checked: {why}.", "Check it where OpenSSH is installed."
    if signed.detail == signature.UNSIGNED:
        return (
            f"{packet} holds, and nobody has signed it.",
            "Ask its author for a signature (`weighbridge sign`), or verify it without --signers.",
        )
    if signature.NOBODY in signed.detail:
        return (
            f"{packet} holds, and is {signed.detail}.",
            "Name the file of signers that has this key, or ask somebody whom yours names to sign it.",
        )
    return (
        f"{packet} holds, and its signature does not: {signed.detail}.",
        f"Ask for {bag.SIGNATURE} again: this one was made of something else, or by another key.",
    )


def _things(count: int) -> str:
    return f"{count} {'thing' if count == 1 else 'things'}"
