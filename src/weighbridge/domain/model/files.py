"""Which files of a repository are models: shards grouped, companions kept out, one recommended."""

from __future__ import annotations

import re

from weighbridge.domain.base import Record
from weighbridge.domain.model.hub import HubFile
from weighbridge.domain.model.quant_names import GONE, LAST_GOOD, USUAL, label_of, place_of
from weighbridge.domain.text import clean_line


class WeightsFile(Record):
    """One model of a repository: a file, or the shards of one, in order.

    `label`: quantization as the file name has it, a hint only; the header decides. `problem`: why it cannot be chosen,
    or why llama.cpp will not load it, as far as the name tells; empty where nothing speaks against it.
    """

    parts: tuple[HubFile, ...]
    label: str = ""
    expected_parts: int = 1
    problem: str = ""

    @property
    def name(self) -> str:
        """Path of the first part inside the repository."""
        return self.parts[0].path

    @property
    def size_bytes(self) -> int | None:
        """All parts together; None where one size is not known."""
        sizes = [part.size_bytes for part in self.parts if part.size_bytes is not None]
        return sum(sizes) if len(sizes) == len(self.parts) else None

    @property
    def complete(self) -> bool:
        return len(self.parts) == self.expected_parts

    @property
    def choosable(self) -> bool:
        """Whether it can be weighed and downloaded: one file, with a name that is safe on a disk."""
        return self.expected_parts == 1 and all(is_plain_name(part) for part in self.name.split("/"))


class FileRow(Record):
    """One model file as a person chooses it. `need_bytes`: memory for a run at the present settings.

    The need is the file's weights plus KV cache and buffers of the one header that was read, by the formula; None
    where unknown.
    `verdict` is that of the forecast (fits, tight, does_not_fit, unknown).
    """

    file: WeightsFile
    need_bytes: int | None = None
    verdict: str = "unknown"


class HubView(Record):
    """A repository opened for choosing: its rows, and the recommended one with the reason."""

    repo: str
    revision: str
    fetched_at: str
    from_cache: bool = False
    gate: str = ""
    rows: tuple[FileRow, ...]
    recommended: str = ""
    """`WeightsFile.name` of the recommended row; empty where none can be recommended."""
    reason: str = ""


_COMPANION = re.compile(
    r"(?:^|[/_.-])(?:mmproj|imatrix|lora|adapter|draft|vocab|mtp|clip|vae)s?(?=[/_.-]|$)", re.IGNORECASE | re.ASCII
)
"""Projectors, importance matrices, adapters and other files that go with a model and are none."""
_LONGEST = 255 - len(".0123456789ab.part.lock")
"""Bytes of one name, so that the names that a download needs beside it still fit."""
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')
"""What some operating system takes for a separator, a drive, a stream or a pattern."""
_SHARD = re.compile(r"(?P<stem>.+)-(?P<at>\d{5})-of-(?P<of>\d{5})\.gguf", re.IGNORECASE | re.ASCII | re.DOTALL)


def group(files: tuple[HubFile, ...]) -> tuple[WeightsFile, ...]:
    """The models among a repository's files, small before large, those of unknown size last.

    Paths that do not stay inside a folder, or that a terminal would misread, are left out; other names that a
    download refuses are kept with their `problem`.
    """
    shards: dict[tuple[str, int], dict[int, HubFile]] = {}
    for file in sorted(files, key=lambda file: file.path):
        if not _is_model(file.path):
            continue
        match = _SHARD.fullmatch(file.path)
        at, of = (int(match["at"]), int(match["of"])) if match else (1, 1)
        if 1 <= at <= of:
            stem = match["stem"] if match else file.path
            shards.setdefault((stem, of), {}).setdefault(at, file)
    models = [_model(tuple(parts[at] for at in sorted(parts)), of) for (_, of), parts in shards.items()]
    return tuple(sorted(models, key=lambda model: (model.size_bytes is None, model.size_bytes or 0, model.name)))


def _is_model(path: str) -> bool:
    return path.lower().endswith(".gguf") and _is_safe(path) and not _COMPANION.search(path[: -len(".gguf")])


def _is_safe(path: str) -> bool:
    """Whether a path is relative, goes nowhere up, and is made of visible characters."""
    if clean_line(path, 1024) != path or "\\" in path or re.match(r"[A-Za-z]:", path):
        return False
    return all(part not in ("", ".", "..") and len(part.encode()) <= 255 for part in path.split("/"))


def is_plain_name(name: str) -> bool:
    """Whether one part of a path means a file of that name on every system, beside which a download's own fit."""
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        return False
    return (
        0 < size <= _LONGEST
        and not _FORBIDDEN.search(name)
        and not name.startswith(".")
        and not name.endswith((" ", "."))
    )


def _model(parts: tuple[HubFile, ...], of: int) -> WeightsFile:
    made = WeightsFile(parts=parts, label=label_of(parts[0].path), expected_parts=of)
    return made.model_copy(update={"problem": _problem(made)})


def _problem(file: WeightsFile) -> str:
    if not file.complete:
        return f"only {len(file.parts)} of its {file.expected_parts} parts are in the repository"
    if file.expected_parts > 1:
        return f"in {file.expected_parts} parts: merge them with llama-gguf-split --merge and give the path"
    if not file.choosable:
        return "its name is not safe on a disk: download it by other means and give its path"
    return f"llama.cpp does not read the layout {file.label} any more; take Q4_0" if file.label in GONE else ""


def recommend(rows: tuple[FileRow, ...]) -> tuple[str, str]:
    """The name of the file to take, and why in one sentence; an empty name where there is none to take.

    Q4_K_M if it fits; else the largest below it that fits, down to Q3; else the smallest above it that fits. Below
    Q3 only as a last resort, with a warning. Files in several parts are for the person to choose.
    """
    whole = [row for row in rows if not row.file.problem]
    if not whole:
        why = "each is in parts, has an unsafe name, or is in a layout that llama.cpp does not read"
        return "", f"No file can be recommended: {why}."
    possible = [row for row in whole if row.verdict != "does_not_fit"]
    if not possible:
        least = min(whole, key=lambda row: (row.need_bytes is None, row.need_bytes or 0))
        return "", f"No file fits: the smallest, {_called(least)}, {_needs(least)}."
    best = min(possible, key=_preference)
    return best.file.name, _why(best, next((row for row in whole if row.file.label == USUAL), None))


def _kind(row: FileRow) -> int:
    """0: from Q4_K_M down to Q3; 1: above; 2: no quantization in the name; 3: below Q3."""
    place, usual, last_good = place_of(row.file.label), place_of(USUAL), place_of(LAST_GOOD)
    assert usual is not None
    assert last_good is not None
    if place is None:
        return 2
    return 1 if place < usual else 0 if place <= last_good else 3


def _preference(row: FileRow) -> tuple[int | str, ...]:
    """Least for the best row: known before unknown, not below Q3, roomy before tight, near Q4_K_M before far."""
    kind = _kind(row)
    distance = abs((place_of(row.file.label) or 0) - (place_of(USUAL) or 0))
    worst = (row.verdict == "unknown", kind == 3, row.verdict == "tight")
    return (*worst, kind, distance, row.file.size_bytes or 0, row.file.name)


def _why(best: FileRow, usual: FileRow | None) -> str:
    name = _called(best)
    compared = f" ({USUAL} {_needs(usual)})" if usual is not None and usual is not best else ""
    is_usual = place_of(best.file.label) == place_of(USUAL)
    leads = (
        f"{name} is the usual choice" if is_usual else f"{name} is the nearest below {USUAL}{compared}",
        f"{name} is the smallest above {USUAL}{compared}",
        f"{name} does not say its quantization",
        f"{name} is the best that is left{compared}, and below Q3 answers get clearly worse",
    )
    so = {"fits": " and fits", "tight": ", and that is tight"}.get(best.verdict, "; whether that fits is not known")
    return f"{leads[_kind(best)]}: it {_needs(best)}{so}."


def _called(row: FileRow) -> str:
    return row.file.label or row.file.name


def _needs(row: FileRow) -> str:
    """What the row takes, MiB: of memory where that is known, else of disk."""
    if row.need_bytes is not None:
        return f"needs about {row.need_bytes / 2**20:,.0f} MiB"
    size = row.file.size_bytes
    return "has an unknown size" if size is None else f"has {size / 2**20:,.0f} MiB of weights"
