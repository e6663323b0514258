"""What tests of the eval share: cases that every answer passes, and ways for the engine to fail within one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fakes import crash

from weighbridge.domain import intents as want
from weighbridge.domain.proof.events import Attempt, Event, Failed, Mode
from weighbridge.domain.proof.settings import Request
from weighbridge.domain.run import EvalRecord
from weighbridge.domain.verdict.cases import CasePack
from weighbridge.domain.verdict.decision import CaseResult, GateResult
from weighbridge.session import Session

CASES = ("a", "b", "c", "d", "e")


def pack(**of_b: Any) -> CasePack:
    """Five cases that the scripted answers pass; `of_b` is more of the second."""
    grader = {"kind": "includes", "target": "answer"}
    rows = [{"id": name, "prompt": f"Say {name}.", "grader": grader} for name in CASES]
    rows[1] |= of_b
    return CasePack.model_validate({"id": "five", "case": rows})


async def prepared(session: Session, cases: CasePack | None = None, **settings: int) -> Session:
    """A session with a model and five cases of which four have to pass."""
    for name, value in settings.items():
        session.apply(want.ChangeSetting(field=name, value=str(value)))
    await session.choose_model("bundled")
    session.apply(want.UsePack(pack=cases or pack()))
    return session


async def evaluated(session: Session) -> list[Event]:
    return [event async for event in session.evaluate()]


def record_of(session: Session) -> EvalRecord:
    assert session.run.evaluation is not None
    return session.run.evaluation


def gate_of(session: Session) -> GateResult:
    gate = record_of(session).gate
    assert gate is not None
    return gate


def result_of(session: Session, case: str) -> CaseResult:
    return next(r for r in record_of(session).results if r.case == case)


def attempts(events: list[Event]) -> list[tuple[str, str]]:
    return [(event.mode, event.reason) for event in events if isinstance(event, Attempt)]


def failing(cases: str, failed: Failed, modes: str = "default safe") -> Callable[[Request, Mode], Failed | None]:
    """An engine that fails within these cases, in these modes."""
    return lambda request, mode: failed if request.case and request.case in cases and mode in modes else None


SEGV = crash(0.0, phase="decode")
HANG = Failed(t=0, kind="hang", phase="decode", message="The engine has computed nothing for 600 s.")
REFUSED = Failed(t=0, kind="refused", phase="prefill", message="The chat template fails: no system.", survived=True)
