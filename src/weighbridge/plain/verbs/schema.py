"""`weighbridge schema`: the JSON Schemas of our own files, and the BagIt profiles of packets."""

from __future__ import annotations

from argparse import Namespace

from weighbridge.domain.problems import BadInput
from weighbridge.domain.text import clean_line
from weighbridge.plain import output
from weighbridge.plain.exits import Exit
from weighbridge.services.packet_io.formats.bagit_profile import PROFILES, profile
from weighbridge.services.packet_io.pages import schema
from weighbridge.services.packet_io.records.files import SCHEMAS


def main(args: Namespace) -> int:
    profiles = {f"bagit-profile-{route}-{way}": (route, way) for route, way in PROFILES}
    if args.name is None:
        output.text("\n".join([*SCHEMAS, *profiles]))
    elif args.name in profiles:
        output.text(profile(*profiles[args.name]).rstrip("\n"))
    elif args.name in SCHEMAS:
        output.text(schema(args.name).rstrip("\n"))
    else:
        raise BadInput(
            f"There is no schema {clean_line(args.name, 60)!r}.", "`weighbridge schema` alone lists the names."
        )
    return Exit.DONE
