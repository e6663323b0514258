"""BagIt 1.0 (RFC 8493): file names, manifests and tag files, as bytes in memory.

Manifest lines have two spaces between digest and name, so that `sha256sum -c` reads them too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

BAGIT_TXT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
BAGIT, INFO = "bagit.txt", "bag-info.txt"
MANIFEST, TAG_MANIFEST = "manifest-sha256.txt", "tagmanifest-sha256.txt"
TAG_FILES = (INFO, BAGIT, MANIFEST)
"""The files that the tag manifest lists, in its order."""
SIGNATURE = f"{TAG_MANIFEST}.sig"
"""A signature of the tag manifest: the one file that no manifest lists."""
PAYLOAD = "data/"


def encode_name(name: str) -> str:
    """A name as a manifest writes it: `%`, CR and LF percent-encoded (RFC 8493, 2.1.3)."""
    return name.replace("%", "%25").replace("\n", "%0A").replace("\r", "%0D")


def decode_name(text: str) -> str:
    """The inverse of `encode_name`; any other `%` stands for itself."""
    for code, char in (("%0A", "\n"), ("%0a", "\n"), ("%0D", "\r"), ("%0d", "\r"), ("%25", "%")):
        text = text.replace(code, char)
    return text


def manifest(files: Mapping[str, bytes]) -> bytes:
    """One line a file, sorted by name: SHA-256, two spaces, name."""
    lines = (f"{hashlib.sha256(files[name]).hexdigest()}  {encode_name(name)}\n" for name in sorted(files))
    return "".join(lines).encode()


def oxum(sizes: Mapping[str, int]) -> str:
    """Payload-Oxum: bytes of the payload, a dot, number of its files."""
    return f"{sum(sizes.values())}.{len(sizes)}"


def info_text(labels: Mapping[str, str]) -> str:
    """bag-info.txt: one line a label, sorted. Values must be single lines."""
    return "".join(f"{label}: {labels[label]}\n" for label in sorted(labels))


def bag(payload: Mapping[str, bytes], info: Mapping[str, str]) -> dict[str, bytes]:
    """A whole bag by path. `payload` has paths below `data/`; `info` becomes bag-info.txt, one line a label.

    Values of `info` must be single lines. Payload-Oxum is added.
    """
    sizes = {name: len(data) for name, data in payload.items()}
    labels = {**info, "Payload-Oxum": oxum(sizes)}
    tags = {
        INFO: info_text(labels).encode(),
        BAGIT: BAGIT_TXT,
        MANIFEST: manifest(payload),
    }
    return {**payload, **tags, TAG_MANIFEST: manifest(tags)}


def seal(files: Mapping[str, bytes]) -> str:
    """What names a packet: SHA-256 (hex) of its tag manifest, which covers every other file."""
    return hashlib.sha256(files[TAG_MANIFEST]).hexdigest()
