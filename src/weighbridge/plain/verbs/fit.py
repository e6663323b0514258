"""`weighbridge fit MODEL`: memory and disk forecast before any weight is fetched."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from weighbridge.domain.intents import ChangeSetting
from weighbridge.domain.model.files import FileRow, HubView
from weighbridge.domain.model.forecast import DISK_MARGIN_BYTES, Forecast
from weighbridge.domain.problems import BadInput
from weighbridge.domain.run import Run
from weighbridge.plain import diagnostics, output
from weighbridge.plain.desk import scratch_session
from weighbridge.plain.exits import Exit
from weighbridge.plain.loading import exact, inspect, open_repository
from weighbridge.plain.texts.figures import mib
from weighbridge.plain.texts.forecast import forecast_text
from weighbridge.plain.texts.hub import about, files_table
from weighbridge.session.deps import real_deps
from weighbridge.session.session import Session

_OPTIONS = {"ctx": "n_ctx", "batch": "n_batch", "kv_type": "kv_type", "gpu_layers": "n_gpu_layers"}


def main(args: Namespace) -> int:
    with scratch_session(real_deps()) as (session, runner):
        runner.run(_fit(session, args))
    return Exit.DONE


async def _fit(session: Session, args: Namespace) -> None:
    for option, field in _OPTIONS.items():
        if (value := getattr(args, option)) is not None:
            _set(session, option, field, value)
    view = await open_repository(session, args.model)
    if view is None:
        await inspect(session, args.model, whole=args.whole)
    elif view.recommended:
        await inspect(session, exact(view, view.recommended), whole=args.whole)
    run = await session.weigh() if session.run.model else session.run
    if args.json:
        output.json_line(report(run, view))
        return
    if view is not None:
        output.text("\n".join([about(view), *files_table(view)]))
    if run.model is not None and run.forecast is not None:
        output.text(f"{run.model.file_name}, {mib(run.model.size_bytes)} on disk")
        output.text(forecast_text(run.forecast))
    else:
        diagnostics.say("no file can be recommended, so none was weighed", "Name one: org/repo:file.gguf.")


def _set(session: Session, option: str, field: str, value: str) -> None:
    try:
        session.apply(ChangeSetting(field=field, value=value))
    except BadInput as error:
        said = str(error).partition("): ")[2] or str(error)
        raise BadInput(f"--{option.replace('_', '-')}: {said}", error.hint) from None


def report(run: Run, view: HubView | None) -> dict[str, Any]:
    """The object of `fit --json`. Sizes in bytes; null: not known. `files`: null where a file was named.

    `warnings`: sentences that limit what the verdict says.
    """
    made = run.forecast
    figures = dict.fromkeys(Forecast.model_fields) if made is None else made.model_dump(mode="json")
    return {
        **figures,
        "warnings": made and [said for said in (made.refusal, made.beyond_trained) if said],
        "disk": made and _disk(made),
        "model": run.model and run.model.model_dump(mode="json", exclude={"path"}),
        "repository": view and view.model_dump(mode="json", exclude={"rows"}),
        "files": view and [_row(row, view) for row in view.rows],
    }


def _disk(made: Forecast) -> dict[str, Any]:
    """`margin_bytes`: what a download leaves free; `enough`: null where the free space is not known."""
    return {
        "needed_bytes": made.disk_needed_bytes,
        "free_bytes": made.disk_free_bytes,
        "margin_bytes": DISK_MARGIN_BYTES,
        "enough": made.disk_suffices,
    }


def _row(row: FileRow, view: HubView) -> dict[str, Any]:
    file = row.file
    return {
        "file": file.name,
        "quantization": file.label or None,
        "size_bytes": file.size_bytes,
        "sha256": [part.sha256 or None for part in file.parts],
        "parts": len(file.parts),
        "expected_parts": file.expected_parts,
        "need_bytes": row.need_bytes,
        "verdict": row.verdict,
        "choosable": file.choosable,
        "problem": file.problem,
        "recommended": file.name == view.recommended,
    }
