"""Whether a folder is the BagIt 1.0 bag that its manifests describe: nothing changed, added, missing or renamed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from weighbridge.services.packet_io import bag
from weighbridge.services.packet_io.inventory import Inventory

_LINE = re.compile(r"([0-9a-f]{64})  (.+)")
_LABEL = re.compile(r"([^:\s][^:]*): ?(.*)")


@dataclass
class Manifest:
    """Digests by file name, and what is wrong with the manifest itself.

    `whole` is False where lines of it could not be read: then the files that they list are not known.
    """

    name: str
    whole: bool = True
    digests: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def read_manifest(files: Inventory, name: str) -> Manifest:
    """A manifest, read strictly: as `sha256sum -c` needs it, with no path that leaves the packet."""
    found = Manifest(name)
    if name not in files.sizes:
        found.whole = False
        found.problems.append(f"{name} is missing")
        return found
    try:
        text = files.text(name)
    except (OSError, ValueError) as error:
        found.whole = False
        found.problems.append(str(error))
        return found
    if "\r" in text:
        found.whole = False
        found.problems.append(f"{name} has CRLF or CR line ends, which sha256sum does not read")
        return found
    if not text.endswith("\n"):
        found.problems.append(f"{name} does not end with a line end")
    faulty = [n for n, line in enumerate(text.removesuffix("\n").split("\n"), 1) if not _read_line(found, n, line)]
    if faulty:
        found.whole = False
        more = f", nor are {len(faulty) - 1} lines after it" if len(faulty) > 1 else ""
        where = f"{name}, line {faulty[0]}"
        found.problems.append(f"{where}: not 64 hex digits, two spaces and a name, digits in lower case{more}")
    names = list(found.digests)
    if wrong := next((b for a, b in pairwise(names) if b < a), None):
        found.problems.append(f"{name}: {wrong} stands out of order: the lines are sorted by name")
    return found


def _read_line(found: Manifest, number: int, line: str) -> bool:
    """Takes up one line; False where it is not of the form."""
    where = f"{found.name}, line {number}"
    parts = _LINE.fullmatch(line)
    if not parts:
        return False
    listed = bag.decode_name(parts[2])
    if not _stays_inside(listed):
        found.problems.append(f"{where}: the path {listed!r} is not a plain path inside the packet")
    elif listed in found.digests:
        found.problems.append(f"{where}: {listed} is listed twice")
    elif found.name == bag.MANIFEST and not listed.startswith(bag.PAYLOAD):
        found.problems.append(f"{where}: {listed} is not below {bag.PAYLOAD}")
    else:
        found.digests[listed] = parts[1]
    return True


def _stays_inside(name: str) -> bool:
    parts = name.split("/")
    return not ({"", ".", ".."} & set(parts) or "\\" in name or "\0" in name or re.match(r"[A-Za-z]:", name))


def check_declaration(files: Inventory) -> Iterator[str]:
    """bagit.txt: version and encoding."""
    if bag.BAGIT not in files.sizes:
        yield f"{bag.BAGIT} is missing"
    elif files.text(bag.BAGIT) != bag.BAGIT_TXT.decode():
        yield f"{bag.BAGIT} does not declare BagIt-Version 1.0 and UTF-8 in two lines"


def check_digests(files: Inventory, listed: Manifest) -> Iterator[str]:
    """Every listed file is there with its digest."""
    yield from listed.problems
    for name, digest in listed.digests.items():
        if name not in files.sizes:
            yield f"{name} is missing"
        elif name not in files.unchecked and files.sha256(name) != digest:
            yield f"{name} has changed: its SHA-256 is not the one in {listed.name}"


def check_tags(files: Inventory, tags: Manifest) -> Iterator[str]:
    """The tag files: listed, there, unchanged."""
    yield from check_digests(files, tags)
    for name in bag.TAG_FILES:
        if tags.whole and name not in tags.digests:
            yield f"{bag.TAG_MANIFEST} does not list {name}"


def check_extra(files: Inventory, payload: Manifest, tags: Manifest) -> Iterator[str]:
    """No file that no manifest lists; nothing of that can be said where a manifest cannot be read."""
    yield from files.problems
    known = set(payload.digests) | set(tags.digests) | {bag.TAG_MANIFEST, bag.SIGNATURE, *bag.TAG_FILES}
    for name in sorted(set(files.sizes) - known) if payload.whole and tags.whole else ():
        yield f"{name} was added: no manifest lists it"
    yield from _twins(sorted(set(files.sizes) | known))


def _twins(names: Iterable[str]) -> Iterator[str]:
    """Names of which some systems keep one alone: they differ in case, or in how Unicode writes a letter."""
    first: dict[str, str] = {}
    for name in names:
        other = first.setdefault(unicodedata.normalize("NFC", name).casefold(), name)
        if other != name:
            yield f"{name} and {other} are one name on systems that ignore case or Unicode form"


def read_info(files: Inventory) -> dict[str, str]:
    """bag-info.txt by label. ValueError with a sentence where it is not of that form; or is missing."""
    if bag.INFO not in files.sizes:
        raise ValueError(f"{bag.INFO} is missing")
    labels: dict[str, str] = {}
    for number, line in enumerate(files.text(bag.INFO).splitlines(), 1):
        found = _LABEL.fullmatch(line)
        if not found:
            raise ValueError(f"{bag.INFO}, line {number}: not a label, a colon and a value")
        if found[1] in labels:
            raise ValueError(f"{bag.INFO}, line {number}: {found[1]} occurs twice")
        labels[found[1]] = found[2]
    return labels


def check_oxum(files: Inventory, info: dict[str, str]) -> Iterator[str]:
    """Payload-Oxum: bytes and files of the payload as they are on the disk."""
    held = bag.oxum({name: size for name, size in files.sizes.items() if name.startswith(bag.PAYLOAD)})
    said = info.get("Payload-Oxum", "nothing")
    if said != held:
        yield f"{bag.INFO}: Payload-Oxum says {said}, the payload is {held} (bytes, files)"
