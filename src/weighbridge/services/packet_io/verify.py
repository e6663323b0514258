"""Checks a packet that somebody else may have written: the bag, the schemas, and what its files say of each other."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from weighbridge.domain.problems import BadInput
from weighbridge.domain.text import clean_line
from weighbridge.services.packet_io import bag, check_bag, check_eval, check_figures, check_identity
from weighbridge.services.packet_io.contents import Contents, read_contents
from weighbridge.services.packet_io.inventory import Inventory, take_inventory
from weighbridge.services.packet_io.report import Check, Report, area

CROSS = (
    ("identity", "bag-info.txt and the files name one packet, run, route and decision", check_identity.check_names),
    ("model", "one model digest in every file and attempt", check_identity.check_model),
    ("status", "what is planned claims no measurement", check_identity.check_status),
    ("cases", "the cases are those whose digest the policy fixed before they ran", check_eval.check_cases),
    ("marks", "every stored answer, marked again, gets its mark", check_eval.check_results),
    ("gate", "k of n, interval and gate follow from the results", check_eval.check_gate),
    ("answers", "every result is what the events say", check_eval.check_answers),
    ("events", "every answer is what its tokens say", check_figures.check_events),
    ("figures", "the proof's record and figures follow from the events", check_figures.check_proof),
    ("attempts", "every attempt of the events is listed with its log", check_figures.check_attempts),
    ("tables", "requests.csv and samples.csv are the events, row by row", check_figures.check_tables),
    ("decision", "the decision is among what the gate allows", check_identity.check_decision),
    ("completeness", "what is said to be held is there", check_identity.check_list),
)


def verify_packet(path: Path) -> Report:
    """Every check of the packet at `path`. Never raises for what is in it; BadInput where there is no packet."""
    _is_packet(path)
    files = take_inventory(path)
    checks = _bag(files)
    info: dict[str, str] = {}
    contents = Contents(info, frozenset())

    def read() -> list[str]:
        nonlocal contents
        info.update(check_bag.read_info(files))
        contents = read_contents(files, info)
        return contents.problems

    checks += area("schemas", "every known file is of its form", read)
    checks += area("Payload-Oxum", "bytes and files of the payload", lambda: check_bag.check_oxum(files, info))
    checks += _cross(contents)
    return Report(ok=all(check.ok for check in checks), checks=tuple(checks), seal=_seal(files))


def _cross(contents: Contents) -> list[Check]:
    """What the files say of each other; nothing of that holds where the two main files cannot be read."""
    if contents.decision is None or contents.runtime is None:
        why = "not checked: data/decision.json and data/runtime.json cannot both be read"
        return [Check(name="cross references", ok=False, detail=why)]
    return [check for name, holds, look in CROSS for check in area(name, holds, partial(look, contents))]


def _bag(files: Inventory) -> list[Check]:
    payload = check_bag.read_manifest(files, bag.MANIFEST)
    tags = check_bag.read_manifest(files, bag.TAG_MANIFEST)
    count = f"{len(payload.digests)} files, every SHA-256 as in the manifest"
    return [
        *area("bagit.txt", "BagIt 1.0, UTF-8", lambda: check_bag.check_declaration(files)),
        *area("manifest", count, lambda: check_bag.check_digests(files, payload)),
        *area("tag files", "as in the tag manifest", lambda: check_bag.check_tags(files, tags)),
        *area("no other files", "nothing was added", lambda: check_bag.check_extra(files, payload, tags)),
    ]


def _is_packet(path: Path) -> None:
    name = clean_line(str(path))
    try:
        if path.is_file():
            raise BadInput(f"{name} is a file, and a packet is a folder.", "Name the packet's folder.")
        if not path.is_dir():
            raise BadInput(f"There is no folder {name}.", "Name the packet's folder.")
        signs = [tag for tag in (*bag.TAG_FILES, bag.TAG_MANIFEST) if (path / tag).exists()]
    except (OSError, ValueError) as error:
        raise BadInput(f"{name} cannot be read: {clean_line(str(error))}.", "Check the path.") from None
    if not signs:
        raise BadInput(f"{name} is not a packet: it has no {bag.BAGIT}.", "Name the folder that holds bagit.txt.")


def _seal(files: Inventory) -> str:
    try:
        return files.sha256(bag.TAG_MANIFEST) if bag.TAG_MANIFEST in files.sizes else ""
    except OSError:
        return ""
