"""A person's own signature on a packet, by OpenSSH's `ssh-keygen -Y`: made beside the bag, and checked.

It signs the tag manifest, which covers every other file. BagIt lets tag files stand that no manifest lists, and this is
the one that may: a file cannot hold the digest of its own signature. Without a list of keys that somebody trusts, a
signature shows that the holder of some key signed, and no more.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from weighbridge.domain.problems import BadInput, OutsideFailed, Problem
from weighbridge.domain.text import clean_line
from weighbridge.services.atomic import write_atomic
from weighbridge.services.packet_io import bag
from weighbridge.services.packet_io.report import Check

NAMESPACE = "evidence-packet"
"""What the signature is for: one that was made for a mail or a commit does not count here."""
AREA = "signature"
UNSIGNED, NOBODY, WHOSE = "the packet is not signed", "nobody's", ": --signers FILE says whose keys count"
"""Parts of what is said of it."""
MAX_BYTES = 65_536
_TIME_LIMIT_S = 20
_KEY = re.compile(r"with (\S+) key (SHA256:\S+)")
_PROMPT = re.compile(r"Enter passphrase[^:]*: ")
_NO_TOOL = "OpenSSH's ssh-keygen is not installed"


def sign(packet: Path, key: Path) -> str:
    """Signs the tag manifest with a private key, or with a public one whose private half an agent holds.

    Returns type and fingerprint of the key. ssh-keygen asks for a passphrase by itself, on the terminal. BadInput
    where the packet is signed already or the key cannot sign; OutsideFailed without ssh-keygen or on a full disk.
    """
    target = packet / bag.SIGNATURE
    if target.exists() or target.is_symlink():
        raise BadInput(f"{clean_line(str(packet))} is signed already.", f"Remove {bag.SIGNATURE} to sign it anew.")
    if not key.is_file():
        raise BadInput(
            f"There is no key {clean_line(str(key))}.", "Name your private SSH key, often ~/.ssh/id_ed25519."
        )
    if (tool := shutil.which("ssh-keygen")) is None:
        raise _no_tool()
    signed = (packet / bag.TAG_MANIFEST).read_bytes()
    command = [tool, "-Y", "sign", "-q", "-n", NAMESPACE, "-f", str(key.absolute())]
    done = subprocess.run(command, input=signed, capture_output=True, check=False)
    if done.returncode != 0 or not done.stdout:
        raise BadInput(
            f"{clean_line(str(key))} does not sign: {_last_line(done.stderr)}.",
            "Name a private SSH key of your own; its passphrase is asked for on the terminal.",
        )
    write_atomic(target, done.stdout)
    return _who(_run(["check-novalidate", "-s", str(target)], signed)[1])


def check_signature(packet: Path, size: int | None, signers: Path | None) -> Check | None:
    """What the signature shows; None without one where none is asked for.

    `size`: bytes of the signature as the packet's inventory has it. `signers`: OpenSSH's allowed_signers file, which
    says whose keys count.
    """
    if signers is not None and not signers.is_file():
        raise BadInput(f"There is no file {clean_line(str(signers))}.", "Name a file of the form allowed_signers.")
    if size is None:
        return None if signers is None else Check(name=AREA, ok=False, detail=UNSIGNED)
    if size > MAX_BYTES:
        return Check(name=AREA, ok=False, detail=f"{bag.SIGNATURE} has {size:,} bytes: it is no signature")
    if shutil.which("ssh-keygen") is None:
        why = f"not checked: {_NO_TOOL}; nothing else rests on it"
        return Check(name=AREA, ok=signers is None, checked=False, detail=why)
    try:
        signed = (packet / bag.TAG_MANIFEST).read_bytes()
        return _checked(str((packet / bag.SIGNATURE).absolute()), signed, signers)
    except (OSError, subprocess.SubprocessError) as error:
        return Check(name=AREA, ok=False, checked=False, detail=clean_line(f"not checked: {error}"))


def _checked(signature: str, signed: bytes, signers: Path | None) -> Check:
    ok, said = _run(["check-novalidate", "-s", signature], signed)
    if not ok:
        return Check(name=AREA, ok=False, detail=f"{bag.SIGNATURE} does not sign this packet: {said}")
    who = _who(said)
    if signers is None:
        detail = f"signed by the {who}, not checked against anybody{WHOSE}"
        return Check(name=AREA, ok=True, detail=detail)
    listed = ["-s", signature, "-f", str(signers.absolute())]
    names = _run(["find-principals", *listed], b"")
    if not names[0]:
        return Check(name=AREA, ok=False, detail=f"signed by the {who}, {NOBODY} in {clean_line(str(signers))}")
    name = names[1].split(",")[0].strip()
    ok, said = _run(["verify", *listed, "-I", name], signed)
    return Check(name=AREA, ok=ok, detail=f"signed by {name}, {who}" if ok else f"not by {name}: {said}")


def _run(arguments: Sequence[str], signed: bytes) -> tuple[bool, str]:
    """Whether `ssh-keygen -Y` agreed, and its last line. It has no terminal, so that it can ask nobody."""
    what, *more = arguments
    command = ["ssh-keygen", "-Y", what, *more, *(["-n", NAMESPACE] if what != "find-principals" else [])]
    env = {name: value for name, value in os.environ.items() if name not in ("SSH_ASKPASS", "DISPLAY")}
    done = subprocess.run(
        command, input=signed, capture_output=True, timeout=_TIME_LIMIT_S, check=False, env=env, start_new_session=True
    )
    return done.returncode == 0, _last_line(done.stdout if done.returncode == 0 else done.stderr or done.stdout)


def _who(said: str) -> str:
    found = _KEY.search(said)
    return f"{found[1]} key {found[2]}" if found else "key of an unknown kind"


def _last_line(said: bytes) -> str:
    text = _PROMPT.sub("", said.decode("utf-8", "replace"))
    lines = [line for line in text.splitlines() if line.strip()]
    return clean_line(lines[-1], 300).rstrip(".") if lines else "no reason given"


def _no_tool() -> Problem:
    return OutsideFailed(f"{_NO_TOOL}.", "Install OpenSSH, or sign the tag manifest with a tool of your own.")
