"""A proof that came to its end without a record gets it from its events when the run is opened again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fakes import Script

from weighbridge.domain import intents as want
from weighbridge.domain.problems import OutsideFailed
from weighbridge.domain.proof.events import Ended
from weighbridge.domain.run import Run
from weighbridge.services.engine.mode_memory import forget
from weighbridge.services.runs.store import RunFolder
from weighbridge.session import Session

Reopen = Callable[[str], Session]


async def unsaved_proof(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proof whose events have room on the disk, and whose record has none."""
    await session.choose_model("bundled")
    with monkeypatch.context() as patch:

        def full(folder: RunFolder, run: Run) -> None:
            raise OutsideFailed("run.json cannot be written: there is no space left.", "Free some space.")

        with pytest.raises(OutsideFailed, match="no space left") as said:
            async for event in session.prove():
                if event.event == "token":
                    patch.setattr(RunFolder, "save", full)
        assert "made from its events" in said.value.hint
    assert session.run.proof is None and isinstance(session.events()[-1], Ended)
    await session.close()


async def test_the_newest_job_counts_with_all_its_attempts(
    session: Session, script: Script, monkeypatch: pytest.MonkeyPatch, reopen: Reopen
) -> None:
    script.crash_in_default_mode = "SIGSEGV"
    script.answer = lambda request: "An earlier answer."
    await session.choose_model("bundled")
    async for _ in session.prove():
        pass
    session.keep(session.run.model_copy(update={"proof": None}))
    script.answer = lambda request: "The newest answer."
    forget(session.deps.home)
    await unsaved_proof(session, monkeypatch)
    again = reopen(session.run.id)
    assert again.run.proof is not None and again.run.proof.output == "The newest answer."
    assert [a.outcome for a in again.run.proof.figures.attempts] == ["crash SIGSEGV", "completed"]
    await again.close()


async def test_a_finished_proof_gets_its_record(
    session: Session, monkeypatch: pytest.MonkeyPatch, reopen: Reopen
) -> None:
    await unsaved_proof(session, monkeypatch)
    again = reopen(session.run.id)
    made = again.run.proof
    assert made is not None and made.outcome == "completed" and made.output == "An answer to first-run."
    again.apply(want.Rename(name="kept"))
    await again.close()
    once_more = reopen(session.run.id)
    assert once_more.run.proof == made
    async for _ in once_more.prove():
        pass
    newer = once_more.run.proof
    assert newer is not None and newer.job_id != made.job_id and newer.figures.threads == made.figures.threads
    await once_more.close()


async def test_a_proof_of_other_inputs_is_not_taken_over(
    session: Session, monkeypatch: pytest.MonkeyPatch, reopen: Reopen
) -> None:
    await unsaved_proof(session, monkeypatch)
    path = session.folder / "run.json"
    path.write_text(path.read_text().replace('"n_ctx": 2048', '"n_ctx": 1024'))
    again = reopen(session.run.id)
    assert again.run.settings.n_ctx == 1024 and again.run.proof is None
    await again.close()


async def test_a_proof_without_its_end_is_no_result(
    session: Session, monkeypatch: pytest.MonkeyPatch, reopen: Reopen
) -> None:
    await unsaved_proof(session, monkeypatch)
    path = session.folder / "events.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    again = reopen(session.run.id)
    assert again.run.proof is None
    await again.close()
