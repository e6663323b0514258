"""A packet whose decision rests on a try: it verifies, says so for people, and every part of it is checked."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakes import Script, quiet
from packet.forge import document, problems

from weighbridge.domain import intents as want
from weighbridge.domain.verdict.cases import Case, CasePack, PackPolicy
from weighbridge.domain.verdict.graders import Includes
from weighbridge.services.packet_io.evidence import PacketSource
from weighbridge.services.packet_io.verify import verify_packet
from weighbridge.services.packet_io.write import write_packet
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Session, real_deps

File = dict[str, Any]


def pack(prompt: str) -> CasePack:
    cases = tuple(
        Case(id=f"c{n}", prompt=f"{prompt} {n}", grader=Includes(kind="includes", target="yes")) for n in range(5)
    )
    return CasePack(id="p", policy=PackPolicy(min_pass=5), case=cases)


async def _decided(home: Path) -> PacketSource:
    """Two evals: one that FAILED, and one of the same cases in other words, put on record as a try; then LoRA."""
    script = Script()
    deps = replace(real_deps(home), runtime=script.factory, conditions=quiet, dry_load=None)
    session = Session.create(RunStore(home), deps)
    await session.choose_model("bundled")
    _ = [event async for event in session.prove()]
    for right, prompt in (("01", "Say yes."), ("12", "Yes or no?")):
        script.answer = lambda request, right=right: "yes" if request.id[-1] in right else "no"  # type: ignore[misc]
        session.apply(want.UsePack(pack=pack(prompt)))
        _ = [event async for event in session.evaluate()]
    session.apply(want.RecordTry(what="prompt", note="named | both `words`"))
    session.apply(want.Decide(choice="LoRA", reason="the form has to change"))
    session.apply(want.Confirm(step="decision"))
    run, events = session.run, session.events()
    await session.close()
    return PacketSource(run, events, {}, "2026-01-02T03:04:05Z", "11111111-2222-4333-8444-555555555555")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tried")
    write_packet(folder / "packet", asyncio.run(_decided(folder / "home")))
    return folder / "packet"


@pytest.fixture
def tried(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "packet"))


def test_the_packet_holds_and_tells_what_the_decision_rests_on(whole: Path) -> None:
    report = verify_packet(whole)
    assert report.ok, [check for check in report.checks if not check.ok]
    text = (whole / "data" / "README.md").read_text("utf-8")
    assert "- LoRA, allowed: `a baseline of the same cases FAILED" in text
    assert "- keep, not allowed: `keep needs a gate that did not fail. Try another prompt" in text
    assert "- Tried: another prompt" in text and "2 of 5 passed (FAILED)" in text
    assert "Failed before, passes now: c2; passed before, fails now: c0." in text
    assert "2 of 5 marks changed: fewer than 6 changes cannot be told from chance" in text
    assert "- Cost so far: `3 jobs" in text
    assert "- 5 chosen cases are no random sample" in text


def into(*path: str | int, value: Any) -> Callable[[File], None]:
    def change(file: Any) -> None:
        node = file
        for key in path[:-1]:
            node = node[key]
        assert not isinstance(node, dict) or node.get(path[-1]) != value
        node[path[-1]] = value

    return change


def job_of(file: File) -> str:
    return str(next(iter(file["spent"])))


FORGERIES: list[tuple[Callable[[File], Any], str]] = [
    (into("tried", value=[]), "decision: data/decision.json: options"),
    (into("tried", 0, "cases_digest", value="0" * 64), "tries: data/decision.json: try 1 (prompt) answers no eval"),
    (
        into("tried", 0, "result", value="4 of 5 passed (FAILED)"),
        "tries: data/decision.json: try 1 (prompt): the result",
    ),
    (into("tried", 0, "note", value="nothing"), "texts: data/README.md"),
    (into("baselines", value=[]), "tries: data/decision.json: try 1 (prompt) answers no eval"),
    (into("baselines", 0, "gate", "passed", value=3), "baselines:"),
    (into("baselines", 0, "gate", "interval", "low", value=0.5), "the interval is not that of 2 of 5"),
    (into("baselines", 0, "model_sha256", value="0" * 64), "baselines:"),
    (into("recommended_why", value="It is the best."), "recommended_why"),
    (into("verdict", "recommended_why", value="It is the best."), "the verdict's recommendation"),
    (lambda file: into("spent", job_of(file), "tokens_read", value=0)(file), "cost: data/decision.json: spent"),
    (lambda file: into("spent", value={job_of(file): file["spent"][job_of(file)]})(file), "cost: data/decision.json"),
    (into("spent", "proof-x", value={"wall_s": 1.0, "tokens_read": 1, "tokens_written": 1}), "spent names 1 jobs"),
    (into("cost", "tokens_written", value=1), "decision: data/decision.json: cost"),
    (into("cost", "unknown", value=[]), "decision: data/decision.json: cost"),
]


@pytest.mark.usefixtures("marks_here")
@pytest.mark.parametrize("at", range(len(FORGERIES)))
def test_each_part_of_the_grounds_is_checked(tried: Path, at: int) -> None:
    change, words = FORGERIES[at]
    document(tried, "decision.json", lambda file: change(file) and None)
    found = problems(tried)
    assert any(words in problem for problem in found), found
