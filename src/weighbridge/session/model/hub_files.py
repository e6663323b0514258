"""The model files of one repository, and the header that tells what each needs. Everything here blocks."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

from weighbridge.domain.model.files import FileRow, HubView, WeightsFile, group, recommend
from weighbridge.domain.model.forecast import forecast, memory_verdict
from weighbridge.domain.model.gguf_types import GgufHeader
from weighbridge.domain.model.hub import HubRepo
from weighbridge.domain.problems import BadInput, HubProblem, OutsideFailed
from weighbridge.domain.proof.settings import RuntimeSettings
from weighbridge.domain.text import clean_line
from weighbridge.services.hub.hub import FetchedHeader, Hub

_NO_GGUF = "search for the model's name and gguf: other people often publish the quantized files"
_WAITED = ("timeout", "rate_limited")
_NO_NETWORK = ("offline", "unreachable")
_KEPT = 8
_HEADERS: OrderedDict[tuple[str, str, str, str], FetchedHeader] = OrderedDict()
"""Headers read by this process, by place, repository, revision and file: each is some MB, so few are kept."""


def view(hub: Hub, repo: str, revision: str, settings: RuntimeSettings, available: int | None) -> HubView:
    """A repository opened for choosing. One header is read, that of the file that its name recommends."""
    found = hub.repository(repo, revision)
    files = model_files(found)
    rows = tuple(FileRow(file=file) for file in files)
    guess, _ = recommend(rows)
    read = _header_or_none(hub, found, guess)
    if read is not None:
        rows = tuple(_weighed(file, read.header, settings, available) for file in files)
    recommended, reason = recommend(rows)
    return HubView(
        repo=found.repo,
        revision=found.revision,
        fetched_at=found.fetched_at,
        from_cache=found.from_cache,
        gate=found.gate,
        rows=rows,
        recommended=recommended,
        reason=reason,
    )


def model_files(found: HubRepo) -> tuple[WeightsFile, ...]:
    """The models of a repository. HubProblem where it holds none."""
    files = group(found.files)
    if not files:
        raise HubProblem("no_file", f"{found.repo} holds no GGUF model", _NO_GGUF)
    return files


def pick(found: HubRepo, name: str) -> WeightsFile:
    """The model file of that name. HubProblem where there is none, BadInput where it cannot be chosen."""
    files = model_files(found)
    chosen = next((file for file in files if file.name == name), None)
    if chosen is None:
        names = ", ".join(file.name for file in files[:4])
        more = f" and {len(files) - 4} more" if len(files) > 4 else ""
        raise HubProblem(
            "no_file", f"{found.repo} has no model file {clean_line(name, 120)}", f"choose one of: {names}{more}"
        )
    if chosen.expected_parts > 1:
        raise BadInput(
            f"{name} comes in {chosen.expected_parts} parts, and those cannot be weighed",
            "choose a file in one part, or merge the parts with llama-gguf-split --merge and give the path",
        )
    if not chosen.choosable:
        raise BadInput(f"{clean_line(name, 120)} cannot be chosen: {chosen.problem}", "choose another file")
    return chosen


def header(hub: Hub, found: HubRepo, name: str) -> FetchedHeader:
    """The header of one file, once a process."""
    key = _key(hub, found, name)
    if key not in _HEADERS:
        _HEADERS[key] = hub.header(found, pick(found, name))
        while len(_HEADERS) > _KEPT:
            _HEADERS.popitem(last=False)
    return _HEADERS[key]


def _key(hub: Hub, found: HubRepo, name: str) -> tuple[str, str, str, str]:
    return str(hub.home), found.repo, found.revision, name


def require_same_header(hub: Hub, found: HubRepo, name: str, path: Path) -> None:
    """HubProblem where a downloaded file begins otherwise than the header whose facts were shown before.

    Ranges are not covered by the digest, so that only the whole file can tell. The other header stays until the
    model is chosen again: a run whose facts come from it must not get the file by a second download.
    """
    if _is_same_header(hub, found, name, path):
        return
    raise HubProblem(
        "digest",
        f"{clean_line(f'{found.repo}: {name}', 160)}: the header that was read by itself is not that of the whole file",
        "choose the model again: its facts are then those of the file",
    )


def forget_other_header(hub: Hub, found: HubRepo, name: str, path: Path) -> None:
    """A header that is not that of the file here is read no more."""
    if not _is_same_header(hub, found, name, path):
        forget()
        hub.forget_header(found, pick(found, name))


def _is_same_header(hub: Hub, found: HubRepo, name: str, path: Path) -> bool:
    """True also where no header was read by itself. Nothing is fetched."""
    read = _HEADERS.get(_key(hub, found, name)) or hub.kept_header(found, pick(found, name))
    if read is None:
        return True
    try:
        with path.open("rb") as file:
            return file.read(len(read.raw)) == read.raw
    except OSError as error:
        raise OutsideFailed(f"{path} cannot be read: {error.strerror}.", "Choose the model again.") from error


def _header_or_none(hub: Hub, found: HubRepo, name: str) -> FetchedHeader | None:
    """None where a gate, a server without ranges or a file that is no model leaves the needs unknown.

    What the way to the Hub prevents is told at once: whoever goes on asks for the same header next, and would wait
    again. Only a repository that was opened before is shown without its needs where there is no network.
    """
    try:
        return header(hub, found, name) if name else None
    except BadInput:
        return None
    except HubProblem as problem:
        if problem.kind in _WAITED or (problem.kind in _NO_NETWORK and not found.from_cache):
            raise
        return None


def _weighed(file: WeightsFile, read: GgufHeader, settings: RuntimeSettings, available: int | None) -> FileRow:
    """KV cache and buffers are those of the header that was read, the weights those of this file, if it is whole."""
    size = file.size_bytes
    if size is None or not file.complete:
        return FileRow(file=file)
    made = forecast(read, settings, available)
    need = made.total_bytes - made.weights_bytes + size
    most = need + (made.repack_bytes * size // made.weights_bytes if made.weights_bytes else 0)
    return FileRow(file=file, need_bytes=need, verdict=memory_verdict(need, most, available))


def forget() -> None:
    """Headers are read anew: from what the Hub kept on disk, or by ranges."""
    _HEADERS.clear()
