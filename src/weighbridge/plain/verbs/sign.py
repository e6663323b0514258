"""`weighbridge sign`: the person's own SSH signature on a packet that holds."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from weighbridge.domain.text import clean_line
from weighbridge.plain import diagnostics, output
from weighbridge.plain.exits import Exit
from weighbridge.services.packet_io import bag
from weighbridge.services.packet_io.signature import sign
from weighbridge.services.packet_io.verify import verify_packet


def main(args: Namespace) -> int:
    packet = Path(args.packet)
    report = verify_packet(packet)
    if not report.ok:
        name = clean_line(args.packet)
        diagnostics.say(f"{name} does not verify, and was not signed.", f"`weighbridge verify {name}` says why.")
        return Exit.CHECK
    who = sign(packet, Path(args.key).expanduser())
    output.text(f"signed with the {who}")
    output.text(f"seal: {report.seal}")
    output.text(
        f"signature: {bag.SIGNATURE}; it says that the holder of this key signed, and not that a run took place"
    )
    return Exit.DONE
