"""`weighbridge runs export|import|mend|disk`: what concerns the files of runs."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from weighbridge.domain.text import clean_line
from weighbridge.plain import diagnostics, output
from weighbridge.plain.texts.figures import counted
from weighbridge.services.runs.disk_use import DiskUse, disk_use
from weighbridge.services.runs.mending import ASIDE, mend
from weighbridge.services.runs.store import RunStore
from weighbridge.session.runs.moving import export_run, import_run
from weighbridge.session.runs.run_list import size_words

MOST_ROWS = 20


def main(store: RunStore, args: Namespace) -> None:
    match args.action:
        case "export":
            _export(store, store.find(args.id), Path(args.output), args.json)
        case "import":
            _import(store, Path(args.file), args.json)
        case "mend":
            _mend(store, store.find(args.id), args.json)
        case _:
            _disk(store, args.json)


def _export(store: RunStore, run_id: str, where: Path, as_json: bool) -> None:
    target = export_run(store, run_id, where)
    if as_json:
        output.json_line({"id": run_id, "file": str(target), "size_bytes": target.stat().st_size})
    else:
        output.text(f"The run {run_id} is in {clean_line(str(target))} ({size_words(target.stat().st_size)}).")


def _import(store: RunStore, source: Path, as_json: bool) -> None:
    run, doubt = import_run(store, source)
    if as_json:
        output.json_line({"id": run.id, "imported": True, "eval_left_out": doubt})
    else:
        output.text(f"The run {run.id} is here: `weighbridge runs resume {run.id}` opens it.")
        if run.evaluation is not None:
            output.text("Its answers were graded again: marks and gate hold. That a model gave them is not proved.")
    if doubt:
        diagnostics.say(
            f"the eval of {run.id} was left out: {clean_line(doubt)}.",
            "It was edited, or another version graded it: the cases have to be run again.",
        )
    if as_json:
        return
    if run.model and not run.model.path and run.model.kind != "named":
        output.text(f"Its model {clean_line(run.model.name)} is not on this machine: get it in the step Model.")


def _mend(store: RunStore, run_id: str, as_json: bool) -> None:
    run = store.load(run_id)
    folder = store.open(run_id)
    try:
        mended = mend(folder, run)
    finally:
        folder.close()
    if as_json:
        output.json_line({"id": run_id, "jobs_set_aside": mended.jobs, "lines_set_aside": mended.lines})
    elif not mended.jobs:
        output.text(f"The events of {run_id} are whole: nothing was changed.")
    else:
        said = f"{counted(mended.jobs, 'job')} with {counted(mended.lines, 'line')}"
        output.text(f"{said} of {run_id} went to {ASIDE}; the proof or eval that rested on it is owed again.")


def _disk(store: RunStore, as_json: bool) -> None:
    use = disk_use(store.home, tuple(entry.id for entry in store.list()))
    if as_json:
        totals = {"runs_bytes": use.runs_bytes, "downloads_bytes": use.downloads_bytes, "total_bytes": use.total_bytes}
        output.json_line({"folder": str(store.home), **use.model_dump(mode="json"), **totals})
        return
    output.text("\n".join(_lines(store, use)))


def _lines(store: RunStore, use: DiskUse) -> list[str]:
    home = clean_line(str(store.home))
    parts = [
        ("runs", use.runs_bytes, "`weighbridge runs delete ID`; saved packets stay"),
        ("downloads", use.downloads_bytes, f"delete files in {home}/models; they can be downloaded again"),
        ("cache", use.cache_bytes, f"delete {home}/hub; it is asked for again"),
        ("other", use.other_bytes, "settings that were measured, and what killed runs left"),
    ]
    lines = [f"{name:<10}{size_words(value):>12}  {how}" for name, value, how in parts]
    free = "" if use.free_bytes is None else f", {size_words(use.free_bytes)} free on this disk"
    lines.append(f"{'total':<10}{size_words(use.total_bytes):>12}  {home}{free}")
    for title, places in (("Runs", use.runs), ("Downloads", use.downloads)):
        largest = sorted(places, key=lambda place: -place.bytes)
        if largest:
            lines.append(f"{title}, the largest first")
        lines += [f"{size_words(place.bytes):>22}  {clean_line(place.name)}" for place in largest[:MOST_ROWS]]
        if len(largest) > MOST_ROWS:
            lines.append(f"{'':>22}  and {len(largest) - MOST_ROWS} more: --json names them all")
    return lines
