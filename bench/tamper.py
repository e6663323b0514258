"""Tampering with a real packet: every change must be found. Goal: 100 % of at least 2,000 random mutations.

bag      one byte flipped, a file dropped, added, renamed or cut, two files or two outputs swapped, a line doubled or
         moved, a figure edited in one file; the manifests stay as they were.
sealed   a value edited in one file of records, two outputs swapped, a text changed; then the manifests are made right
         again, as somebody does who knows the format: only what the files say of each other can find it.

What nothing else in a packet speaks of cannot be told from the truth: such values are listed as misses by their path.

    python bench/tamper.py [bag|sealed|all] [MUTATIONS] [SEED]
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from packets import recorded, save

from weighbridge.domain.verdict.graders import grade
from weighbridge.services.cases import marking
from weighbridge.services.packet_io import bag
from weighbridge.services.packet_io.verify import verify_packet

MUTATIONS = 2000
Files = dict[str, bytes]
Mutation = Callable[[Files, random.Random], str]
"""Changes `files` in place and says what was done; empty: it came out as it was."""
RECORDS = (".json", ".jsonl")
OUTPUTS = {"data/eval/results.jsonl": "result", "data/events.jsonl": "completed"}


def flip(files: Files, chance: random.Random) -> str:
    name = chance.choice([name for name in sorted(files) if files[name]])
    at, change = chance.randrange(len(files[name])), chance.randrange(1, 256)
    data = bytearray(files[name])
    data[at] ^= change
    files[name] = bytes(data)
    return f"{name}: byte {at} ^ {change:#04x}"


def drop(files: Files, chance: random.Random) -> str:
    name = chance.choice(sorted(files))
    del files[name]
    return f"{name} dropped"


def add(files: Files, chance: random.Random) -> str:
    folder = chance.choice(["", "data/", "data/eval/", "data/logs/", "data/model/", "data/new/"])
    name = f"{folder}{chance.choice(['.hidden', 'README', 'more.json', 'manifest-md5.txt', 'ünï.txt'])}"
    if name in files:
        return ""
    files[name] = chance.randbytes(chance.randrange(200))
    return f"{name} added"


def rename(files: Files, chance: random.Random) -> str:
    name = chance.choice(sorted(files))
    stem, _, last = name.rpartition("/")
    new = chance.choice([last.swapcase(), f"{last}~", f".{last}", f"x/{last}"])
    target = f"{stem}/{new}" if stem else new
    if target in files:
        return ""
    files[target] = files.pop(name)
    return f"{name} renamed to {target}"


def cut(files: Files, chance: random.Random) -> str:
    name = chance.choice([name for name in sorted(files) if files[name]])
    files[name] = files[name][: chance.randrange(len(files[name]))]
    return f"{name} cut"


def swap_files(files: Files, chance: random.Random) -> str:
    one, other = chance.sample(sorted(files), 2)
    if files[one] == files[other]:
        return ""
    files[one], files[other] = files[other], files[one]
    return f"{one} and {other} swapped"


def lines_moved(files: Files, chance: random.Random) -> str:
    name = chance.choice([name for name in sorted(files) if files[name].count(b"\n") > 1])
    rows = files[name].splitlines(keepends=True)
    at, other = chance.sample(range(len(rows)), 2)
    if chance.random() < 0.5:
        rows.insert(other, rows[at])
    else:
        rows[at], rows[other] = rows[other], rows[at]
    if alike(name, new := b"".join(rows), files[name]):
        return ""
    files[name] = new
    return f"{name}: lines {at + 1} and {other + 1}"


def alike(name: str, one: bytes, other: bytes) -> bool:
    """Whether two texts are equal, or the same JSON value: names of an object have no order."""
    try:
        return one == other or (name.endswith(".json") and json.loads(one) == json.loads(other))
    except ValueError:
        return False


def swap_outputs(files: Files, chance: random.Random) -> str:
    """Two answers change places, in the results or in the events."""
    name = chance.choice([name for name in OUTPUTS if name in files])
    rows = [json.loads(line) for line in files[name].decode().splitlines()]
    one, other = chance.sample([row for row in rows if row.get("output")], 2)
    if one["output"] == other["output"]:
        return ""
    one["output"], other["output"] = other["output"], one["output"]
    files[name] = as_lines(rows)
    return f"{name}: two outputs swapped"


def edit(files: Files, chance: random.Random) -> str:
    """One value of one record is another one of the same type, or is gone, or stands twice."""
    name = chance.choice([n for n in sorted(files) if n.endswith(RECORDS) and not n.endswith(".schema.json")])
    rows = documents(name, files[name])
    at = chance.randrange(len(rows))
    spots = list(leaves(rows[at], ()))
    if not spots:
        return ""
    path = chance.choice(spots)
    holder = rows[at]
    for key in path[:-1]:
        holder = holder[key]
    old = holder[path[-1]]
    new = changed(old, chance)
    if new == old and type(new) is type(old):
        return ""
    holder[path[-1]] = new
    files[name] = as_lines(rows) if name.endswith("l") else (json.dumps(rows[0], indent=1) + "\n").encode()
    where = ".".join("*" if isinstance(key, int) else key for key in path)
    kind = f" ({rows[at]['event']})" if isinstance(rows[at], dict) and "event" in rows[at] else ""
    return f"{name}{kind}: {where}: {str(old)[:60]!r} -> {str(new)[:60]!r}"


def edit_text(files: Files, chance: random.Random) -> str:
    """A letter or a digit of a text that people read."""
    name = chance.choice([n for n in sorted(files) if n.startswith("data/") and not n.endswith(RECORDS)])
    text = files[name].decode()
    spots = [at for at, char in enumerate(text) if char.isalnum() and char.isascii()]
    if not spots:
        return ""
    at = chance.choice(spots)
    new = chance.choice([c for c in ("0123456789" if text[at].isdigit() else "abcxyz") if c != text[at]])
    files[name] = (text[:at] + new + text[at + 1 :]).encode()
    return f"{name}: character {at}"


def documents(name: str, data: bytes) -> list[Any]:
    return [json.loads(line) for line in data.decode().splitlines()] if name.endswith("l") else [json.loads(data)]


def as_lines(rows: list[Any]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def leaves(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Paths of all values that hold no others, and of lists, which can lose a row."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from leaves(one, (*path, key))
    elif isinstance(value, list):
        if value and path:
            yield path
        for at, one in enumerate(value):
            yield from leaves(one, (*path, at))
    else:
        yield path


def changed(value: Any, chance: random.Random) -> Any:
    """Another value that could stand there."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + chance.choice([-1, 1, 10, max(1, value // 10)])
    if isinstance(value, float):
        return value * chance.choice([0.9, 1.1, 1.001]) + chance.choice([0.0, 0.001])
    if isinstance(value, str):
        return chance.choice([value + "x", value[1:], value.swapcase(), f"{value} better"])
    if isinstance(value, list):
        at = chance.randrange(len(value))
        return [*value[:at], *value[at + 1 :]] if chance.random() < 0.5 else [*value, value[at]]
    return chance.choice([1, "known", 0.5, True])


BAG: tuple[Mutation, ...] = (flip, flip, flip, drop, add, rename, cut, swap_files, lines_moved, swap_outputs, edit)
SEALED: tuple[Mutation, ...] = (edit, edit, edit, edit, swap_outputs, edit_text, lines_moved, drop)


def payload_of(files: Files) -> Files:
    return {name: data for name, data in files.items() if name.startswith(bag.PAYLOAD)}


def sealed(payload: Files, info: bytes) -> Files:
    """A bag with manifests and Payload-Oxum for a payload as it is; its other labels are those of `info`."""
    labels = dict(line.split(": ", 1) for line in info.decode().splitlines())
    labels.pop("Payload-Oxum", None)
    return bag.bag(payload, labels)


def attempt(packet: Path, whole: Files, mutation: Mutation, chance: random.Random, *, seal: bool) -> tuple[str, bool]:
    """What was done, and whether it was found. The packet is as it was afterwards."""
    done, files = "", whole
    while not done:
        files = payload_of(whole) if seal else dict(whole)
        done = mutation(files, chance)
    if seal:
        files = sealed(files, whole[bag.INFO])
    touched = {name for name in files.keys() | whole.keys() if files.get(name) != whole.get(name)}
    put(packet, {name: files.get(name) for name in touched})
    found = not verify_packet(packet).ok
    put(packet, {name: whole.get(name) for name in touched})
    return f"{mutation.__name__}: {done}", found


def put(packet: Path, files: dict[str, bytes | None]) -> None:
    for name, data in files.items():
        path = packet / name
        if data is None:
            path.unlink(missing_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


def run(packet: Path, mutations: tuple[Mutation, ...], count: int, seed: int, *, seal: bool) -> list[str]:
    """The mutations that were not found."""
    whole = {p.relative_to(packet).as_posix(): p.read_bytes() for p in sorted(packet.rglob("*")) if p.is_file()}
    chance = random.Random(seed)
    missed, tally = [], Counter[str]()
    for _ in range(count):
        done, found = attempt(packet, whole, chance.choice(mutations), chance, seal=seal)
        tally[done.partition(":")[0]] += 1
        if not found:
            missed.append(done)
            print(f"  missed: {done}", flush=True)
    assert verify_packet(packet).ok, "the packet was not put right again"
    said = ", ".join(f"{number} {name}" for name, number in sorted(tally.items()))
    print(f"{'sealed' if seal else 'bag'}: {count - len(missed)} of {count} found ({said}; seed {seed})")
    return missed


def main() -> int:
    which = sys.argv[1] if len(sys.argv) > 1 else "all"
    count = int(sys.argv[2]) if len(sys.argv) > 2 else MUTATIONS
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 20260102
    # The recorded cases have harmless patterns: they need no process of their own, thousands of times.
    marking._apart = lambda work: [grade(case.grader, output) for case, output in work]
    missed: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        packet = save(Path(folder) / "packet", recorded())
        if which in ("bag", "all"):
            missed += run(packet, BAG, count, seed, seal=False)
        if which in ("sealed", "all"):
            missed += run(packet, SEALED, count, seed, seal=True)
    return int(bool(missed))


if __name__ == "__main__":
    raise SystemExit(main())
