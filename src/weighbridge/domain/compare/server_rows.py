"""Two packets of which a server answered one at least: whether it was the same one, on the same machine."""

from __future__ import annotations

from weighbridge.domain.compare.side import Side, SideServer
from weighbridge.domain.serving.identity import UNSEEN, apart
from weighbridge.domain.text import clean_line

HERE = "a process of weighbridge on the machine"
Said = tuple[bool, str]
"""Whether it is the same, and what is said of it."""


def same_server(old: SideServer | None, new: SideServer | None) -> Said:
    """Engine and version, hardware, model and, where it was not rented, address."""
    if old is None or new is None:
        return False, f"{_named(old)} before, {_named(new)} now"
    pairs = [
        ("engine", old.engine, new.engine),
        ("model", old.model, new.model),
        ("hardware", old.hardware or "", new.hardware or ""),
    ]
    if not (old.hardware and new.hardware):
        pairs.append(("address", old.address, new.address))
    apart = [
        f"{name} {one or 'not known'} before, {other or 'not known'} now" for name, one, other in pairs if one != other
    ]
    if apart:
        return False, "; ".join(apart)
    where = f"on {new.hardware}" if new.hardware else f"at {new.address}"
    return True, f"{new.engine or 'a server that does not name its engine'} {where}"


def _named(server: SideServer | None) -> str:
    return HERE if server is None else f"{server.engine or 'a server'} at {server.address or 'the machine itself'}"


def served_model(old: Side, new: Side) -> Said | None:
    """By the name that both servers know it by and what they told of it.

    None where a file's digest can say it, or one side was not served.
    """
    one, other = old.server, new.server
    if one is None or other is None or (old.head.model_sha256 and new.head.model_sha256):
        return None
    if one.model != other.model:
        return False, f"another name: {clean_line(one.model, 120)} before, {clean_line(other.model, 120)} now"
    if one.revision != other.revision:
        return False, f"{clean_line(one.model, 120)} at another revision"
    if others := apart(one.facts, other.facts):
        return False, f"another model by the same name, {clean_line(one.model, 120)}: {'; '.join(others)}; {UNSEEN}"
    exact = f" at the revision {one.revision[:12]}" if one.revision else ""
    return True, f"the same name, {clean_line(one.model, 120)}{exact}; its weights were not seen"


def served_machine(old: SideServer | None, new: SideServer | None) -> Said | None:
    """By the rented hardware; None where the machine itself ran all of it, and can be compared."""
    unseen = [name for name, one in (("old", old), ("new", new)) if one is not None and not one.here]
    if not unseen:
        return None
    if old is not None and new is not None and old.hardware and new.hardware:
        same = old.hardware == new.hardware
        said = f"the same rented hardware, {new.hardware}" if same else f"{old.hardware} before, {new.hardware} now"
        return same, clean_line(said, 200)
    return False, f"the machine behind the server of the {' and of the '.join(unseen)} packet was not seen"
