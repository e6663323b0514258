"""A file of the Hub in a session: opened, chosen, described, downloaded, run, and shown again without network."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fakehub.fake_hub import FakeHub
from fakehub.fake_repo import FakeFile
from gguf_craft import craft_file

from weighbridge.domain import flow
from weighbridge.domain import intents as want
from weighbridge.domain.problems import BadInput, HubProblem, Refused
from weighbridge.services.hub.hub import Hub
from weighbridge.services.model_file import Cancelled
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Deps, Session
from weighbridge.session.model import hub_files

REPO = "acme/tiny-GGUF"
CARD = b"""---
license: cc-by-nc-4.0
language: en
base_model: acme/tiny
---
# Tiny

## Intended use

Short answers in a course.
"""
BASE_CARD = b"""---
license: cc-by-nc-4.0
---
## Limitations

It invents facts.
"""


@pytest.fixture
def fake() -> Iterator[FakeHub]:
    with FakeHub() as hub:
        model = craft_file()
        hub.add(REPO, {"README.md": CARD, "tiny.Q4_K_M.gguf": model, "tiny.Q8_0.gguf": model, "mmproj.gguf": model})
        hub.add("acme/tiny", {"README.md": BASE_CARD})
        hub.add("acme/no-models", {"README.md": b"nothing here"})
        names = ["m.gguf", ".hid.gguf", "part-00002-of-00003.gguf", *(f"big-0000{n}-of-00002.gguf" for n in (1, 2))]
        hub.add("acme/parts", dict.fromkeys(names, model))
        yield hub
    hub_files.forget()


@pytest.fixture
async def session(store: RunStore, deps: Deps, fake: FakeHub) -> AsyncIterator[Session]:
    made = Session.create(store, replace(deps, hub=Hub(deps.home, fake.endpoint)))
    yield made
    await made.close()


async def test_a_repository_is_opened_with_what_each_file_needs(session: Session) -> None:
    view = await session.look(REPO)
    assert [row.file.name for row in view.rows] == ["tiny.Q4_K_M.gguf", "tiny.Q8_0.gguf"]
    assert all(row.need_bytes and row.verdict == "fits" for row in view.rows)
    assert view.recommended == "tiny.Q4_K_M.gguf" and "Q4_K_M" in view.reason
    assert len(view.revision) == 40


async def test_parts_of_a_model_need_nothing_that_can_be_told(session: Session) -> None:
    rows = {row.file.name: row for row in (await session.look("acme/parts")).rows}
    assert rows["part-00002-of-00003.gguf"].need_bytes is None and rows["m.gguf"].file.choosable
    needs = {name: row.need_bytes or 0 for name, row in rows.items()}
    assert needs["big-00001-of-00002.gguf"] > needs["m.gguf"] > 0, "all parts together count"
    assert [name for name, row in rows.items() if row.file.choosable] == ["m.gguf"]


async def test_without_a_file_the_recommended_one_is_chosen_and_pinned(session: Session) -> None:
    run = await session.choose_model(REPO)
    model = run.model
    assert model is not None and (model.kind, model.file_name) == ("hub", "tiny.Q4_K_M.gguf")
    assert len(model.revision) == 40 and len(model.sha256) == 64 and model.to_download
    assert run.forecast is not None and run.forecast.disk_needed_bytes == model.size_bytes
    assert run.licence is not None and run.licence.licence_class == "non-commercial"


async def test_a_gap_is_filled_from_the_base_models_card_and_says_so(session: Session) -> None:
    run = await session.choose_model(REPO)
    assert run.card is not None
    assert run.card.intended_use.status == "declared" and run.card.intended_use.line == 8
    assert "acme/tiny" in run.card.safety.source and "invents facts" in run.card.safety.text


async def test_next_waits_for_the_download(session: Session) -> None:
    await session.choose_model(REPO)
    assert "ownload" in (flow.missing(session.run, "runtime") or "")
    with pytest.raises(Refused, match="not on this machine"):
        await session.check_can_run()
    seen: list[tuple[int, int]] = []
    run = await session.download(lambda done, total: seen.append((done, total)))
    assert run.model is not None and run.model.path and Path(run.model.path).is_file()
    assert seen[-1] == (run.model.size_bytes, run.model.size_bytes)
    assert flow.missing(run, "runtime") is None
    assert run.forecast is not None and run.forecast.disk_needed_bytes == 0


async def test_what_was_confirmed_stays_done_after_the_download(session: Session) -> None:
    await session.choose_model(REPO)
    session.apply(want.TypeFact(field="safety", value="my own words"))
    session.apply(want.Confirm(step="model"))
    session.apply(want.Confirm(step="card"))
    run = await session.download()
    assert (flow.status(run, "model"), flow.status(run, "card")) == ("done", "done")
    assert run.card is not None and run.card.safety.text == "my own words"


async def test_the_second_choice_finds_the_downloaded_copy(session: Session, fake: FakeHub) -> None:
    await session.choose_model(REPO)
    path = (await session.download()).model
    await session.choose_model("bundled")
    fake.calls().clear()
    again = (await session.choose_model(REPO)).model
    assert path and again and again.path == path.path


async def test_a_header_that_is_not_the_files_own_is_found_after_the_download(session: Session, fake: FakeHub) -> None:
    commit = fake.repos[REPO].commits[fake.repos[REPO].sha]
    true = FakeFile(craft_file({"general.license": "cc-by-nc-4.0"}))
    shown = craft_file({"general.license": "apache-2.0\0\0"})
    commit["tiny.Q8_0.gguf"] = FakeFile(shown, declared_sha256=true.sha256)
    await session.choose_model(f"{REPO}:tiny.Q8_0.gguf")
    commit["tiny.Q8_0.gguf"] = true
    for _ in range(2):  # the facts that were shown stay wrong, however often the file is fetched
        with pytest.raises(HubProblem, match="not that of the whole file"):
            await session.download()
    run = await session.choose_model(f"{REPO}:tiny.Q8_0.gguf")
    assert run.model and not run.model.to_download
    assert run.card is not None and run.card.licence.source.endswith("general.license says the same")
    sent = fake.bytes_sent("Q8_0")
    Path(run.model.path).unlink()
    await session.choose_model(f"{REPO}:tiny.Q8_0.gguf")
    assert fake.bytes_sent("Q8_0") > sent, "the other header is not read again"


async def test_without_a_digest_the_file_that_came_is_taken_at_its_word(session: Session, fake: FakeHub) -> None:
    true, shown = craft_file(), craft_file({"general.license": "apache-2.0"})
    assert len(true) != len(shown)
    pad = max(len(true), len(shown)) + 64
    commit = fake.repos[REPO].commits[fake.repos[REPO].sha]
    commit["tiny.Q8_0.gguf"] = FakeFile(shown.ljust(pad, b"\0"), lfs=False)
    run = await session.choose_model(f"{REPO}:tiny.Q8_0.gguf")
    assert run.model and (run.model.sha256, run.model.declared_sha256) == ("", "")
    commit["tiny.Q8_0.gguf"] = FakeFile(true.ljust(pad, b"\0"), lfs=False)
    with pytest.raises(HubProblem, match="not that of the whole file"):
        await session.download()
    run = await session.choose_model(f"{REPO}:tiny.Q8_0.gguf")
    assert run.model and run.model.path and run.model.declared_sha256 == ""
    assert run.model.sha256 == hashlib.sha256(true.ljust(pad, b"\0")).hexdigest()


@pytest.mark.parametrize(("fault", "timeout_s"), [({"stall_after": 100}, 3.0), ({"status": 429, "wait_s": 20}, None)])
async def test_a_header_that_does_not_come_is_waited_for_once(
    store: RunStore, deps: Deps, fake: FakeHub, fault: dict[str, int], timeout_s: float | None
) -> None:
    # So long that the questions before the header are answered in it on a busy machine too.
    session = Session.create(store, replace(deps, hub=Hub(deps.home, fake.endpoint, timeout_s=timeout_s)))
    fake.fault(r"/resolve/.*gguf", **fault)
    with pytest.raises(HubProblem) as caught:
        await session.choose_model(REPO)
    assert caught.value.kind == ("timeout" if "stall_after" in fault else "rate_limited")
    assert len(fake.calls(r"/resolve/.*gguf")) == 1
    await session.close()


async def test_a_deleted_download_is_owed_again(session: Session, reopen: Callable[[str], Session], deps: Deps) -> None:
    await session.choose_model(REPO)
    model = (await session.download()).model
    assert model
    await session.close()
    Path(model.path).unlink()
    again = reopen(session.run.id)
    assert again.run.model is not None and again.run.model.to_download
    await again.close()


async def test_the_card_is_kept_with_the_run_and_goes_with_the_model(session: Session) -> None:
    await session.choose_model(REPO)
    kept = session.card_text()
    assert kept is not None and kept.text == CARD.decode()
    await session.choose_model("bundled")
    assert session.card_text() is None


async def test_all_of_it_again_without_network(session: Session, fake: FakeHub) -> None:
    before = await session.choose_model(REPO)
    hub_files.forget()
    fake.stop()
    after = await session.choose_model(REPO)
    assert after.model == before.model and after.card == before.card
    view = await session.look(REPO)
    assert view.from_cache and view.fetched_at


async def test_a_cancelled_download_goes_on_later(session: Session, fake: FakeHub) -> None:
    await session.choose_model(REPO)
    size = session.run.model.size_bytes if session.run.model else 0
    stall = fake.fault("/resolve/", stall_after=(size or 0) // 2)
    cancel = threading.Event()
    task = asyncio.create_task(session.download(None, cancel))
    assert await asyncio.to_thread(stall.reached.wait, 30)
    cancel.set()
    with pytest.raises(Cancelled):
        await task
    fake.clear_faults()
    assert (await session.download()).model is not None
    assert session.run.model is not None and not session.run.model.to_download


async def test_a_server_without_ranges_needs_a_yes_to_the_whole_file(session: Session, fake: FakeHub) -> None:
    fake.fault("/resolve/", ignore_range=True)
    with pytest.raises(HubProblem) as caught:
        await session.choose_model(f"{REPO}:tiny.Q8_0.gguf")
    assert caught.value.kind == "no_ranges"
    run = await session.choose_model(f"{REPO}:tiny.Q8_0.gguf", whole=True)
    assert run.model is not None and run.model.path and run.model.n_params


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("acme/no-models", "holds no GGUF model"),
        (f"{REPO}:absent.gguf", "has no model file absent.gguf"),
        (f"{REPO}:mmproj.gguf", "has no model file mmproj.gguf"),
        ("acme/parts:big-00001-of-00002.gguf", "comes in 2 parts"),
        ("acme/parts:.hid.gguf", "not safe on a disk"),
    ],
)
async def test_what_cannot_be_chosen_changes_nothing(session: Session, spec: str, words: str) -> None:
    before = await session.choose_model("bundled")
    with pytest.raises((HubProblem, BadInput), match=words) as caught:
        await session.choose_model(spec)
    assert caught.value.hint and session.run == before


async def test_a_plan_takes_the_card_of_the_repository_and_no_file(session: Session) -> None:
    session.apply(want.Answer(field="available_route", value="rented_gpu"))
    run = await session.choose_model("acme/tiny")
    assert run.model is not None and (run.model.kind, run.model.file_name) == ("hub", "")
    assert run.licence is not None and run.licence.id == "cc-by-nc-4.0" and run.forecast is None
    session.apply(want.Answer(field="available_route", value="local_cpu"))
    assert "file" in (flow.missing(session.run, "model") or "")


async def test_a_plan_without_network_takes_the_name(session: Session, fake: FakeHub) -> None:
    session.apply(want.Answer(field="available_route", value="rented_gpu"))
    fake.stop()
    run = await session.choose_model("acme/tiny")
    assert run.model is not None and run.model.kind == "named"
    assert run.card is not None and run.card.licence.status == "missing" and "reach" in run.card.licence.reason


async def test_the_gate_asks_where_a_commercial_use_is_stated(session: Session) -> None:
    session.apply(want.Answer(field="commercial_use", value=True))
    await session.choose_model(REPO)
    with pytest.raises(BadInput, match="ommercial"):
        session.apply(want.Confirm(step="card"))
    with pytest.raises(Refused, match="ommercial"):
        await session.check_can_run()
    session.apply(want.AcceptLicenceRisk(reason="a licence was bought"))
    session.apply(want.Confirm(step="card"))
    assert session.run.overrides[-1].what == "licence"
