"""`weighbridge download MODEL`: one file of the Hub, exactly that revision, checked where the Hub declares a digest."""

from __future__ import annotations

from argparse import Namespace

from weighbridge.domain.problems import BadInput
from weighbridge.domain.text import clean_line
from weighbridge.plain import diagnostics, output
from weighbridge.plain.desk import scratch_session
from weighbridge.plain.exits import Exit
from weighbridge.plain.loading import choose, fetch_or_quit
from weighbridge.services.model_file import is_hub_spec
from weighbridge.session.deps import real_deps
from weighbridge.session.session import Session


def main(args: Namespace) -> int:
    if not is_hub_spec(args.model):
        name = clean_line(args.model, 120)
        raise BadInput(f"{name} is no model of the Hub: there is nothing to download.", "Give org/repo:file.gguf.")
    with scratch_session(real_deps()) as (session, runner):
        runner.run(_download(session, args.model))
        _tell(session, args.json)
    return Exit.DONE


async def _download(session: Session, spec: str) -> None:
    await choose(session, spec, whole=True)
    model = session.run.model
    assert model is not None
    name = clean_line(f"{model.repo}@{model.revision}:{model.file_name}")
    if model.path:
        checked = "its digest holds" if model.declared_sha256 else "it is as it was when it came"
        diagnostics.note(f"{name} is here already, and {checked}")
        return
    diagnostics.note(f"downloading {name}")
    await fetch_or_quit(session)


def _tell(session: Session, as_json: bool) -> None:
    """As `sha256sum` prints it, so that `sha256sum -c` reads it; or one object.

    `declared_sha256` of the object is null where the Hub declares none, so that nothing was compared.
    """
    model = session.run.model
    assert model is not None
    if not model.declared_sha256:
        diagnostics.note("the Hub declares no SHA-256 for this file: this one was measured, and compared with nothing")
    if as_json:
        output.json_line({**model.model_dump(mode="json"), "declared_sha256": model.declared_sha256 or None})
    else:
        output.text(f"{model.sha256}  {clean_line(model.path, 4096)}")
