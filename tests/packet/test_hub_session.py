"""From the Hub to a packet that verifies: a real client, a pinned repository, a scripted proof, a recorded override."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakehub.fake_hub import FakeHub
from gguf_craft import craft_file

from weighbridge.domain import intents as want
from weighbridge.domain.steps import ORDER
from weighbridge.services.hub.hub import Hub
from weighbridge.services.packet_io.verify import verify_packet
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

Write to <anna@example.org>; `hf auth login --token hf_AbCdEfGhIjKlMnOpQrSt`.

## Intended use

Short **answers** in a [course](https://example.org).\r
"""
BASE_CARD = b"---\nlicense: cc-by-nc-4.0\n---\n## Limitations\n\nIt invents facts.\n"


@pytest.fixture
def fake() -> Iterator[FakeHub]:
    with FakeHub() as hub:
        hub.add(REPO, {"README.md": CARD, "tiny.Q4_K_M.gguf": craft_file()})
        hub.add("acme/tiny", {"README.md": BASE_CARD})
        hub.add("acme/bare-GGUF", {"bare.Q4_K_M.gguf": craft_file()})
        yield hub
    hub_files.forget()


def read(packet: Path, name: str) -> Any:
    return json.loads((packet / "data" / name).read_text("utf-8"))


async def saved(store: RunStore, deps: Deps, fake: FakeHub, target: Path, repo: str, route: str) -> Path:
    """The packet of a whole run with a model of the Hub; what refuses is overruled."""
    session = Session.create(store, replace(deps, hub=Hub(deps.home, fake.endpoint)))
    session.apply(want.Answer(field="available_route", value=route))
    session.apply(want.Answer(field="budget_level", value="small"))
    session.apply(want.Answer(field="commercial_use", value=True))
    for step in ORDER[:-1]:
        if step == "model":
            await session.choose_model(repo)
        if step == "card":
            session.apply(want.AcceptLicenceRisk(reason="a test of the packet"))
        if step == "runtime" and route == "local_cpu":
            await session.download()
        if step == "proof" and route == "local_cpu":
            _ = [event async for event in session.prove()]
        if step == "eval" and route == "local_cpu":
            _ = [event async for event in session.evaluate()]
        session.apply(want.Confirm(step=step))
    await session.write_packet(target)
    await session.close()
    return target


def problems(packet: Path) -> list[str]:
    return [check.detail for check in verify_packet(packet).checks if not check.ok]


async def test_a_model_that_was_downloaded_and_run(store: RunStore, deps: Deps, fake: FakeHub, tmp_path: Path) -> None:
    packet = await saved(store, deps, fake, tmp_path / "packet", REPO, "local_cpu")
    assert problems(packet) == []
    assert (packet / "data/model/README.md").read_bytes() == CARD
    model = read(packet, "model/model.json")
    assert model["revision"] == fake.repos[REPO].sha and fake.endpoint in model["source"]
    assert [row["how"].split()[0] for row in model["digests"]] == ["declared", "measured", "checked"]
    licence = read(packet, "model/licence.json")
    assert licence["note"]["licence_class"] == "non-commercial"
    assert licence["override"]["reason"] == "a test of the packet"
    facts = read(packet, "model/card-facts.json")
    assert facts["intended_use"]["line"] == 10 and "acme/tiny" in facts["safety"]["source"]
    assert read(packet, "runtime.json")["forecast_against_measured"]


async def test_a_plan_with_a_model_that_was_only_looked_at(
    store: RunStore, deps: Deps, fake: FakeHub, tmp_path: Path
) -> None:
    packet = await saved(store, deps, fake, tmp_path / "packet", REPO, "rented_gpu")
    assert problems(packet) == []
    assert (packet / "data/model/README.md").read_bytes() == CARD
    assert read(packet, "model/model.json")["digests"] == []


async def test_a_repository_without_a_card_says_so(store: RunStore, deps: Deps, fake: FakeHub, tmp_path: Path) -> None:
    packet = await saved(store, deps, fake, tmp_path / "packet", "acme/bare-GGUF", "local_cpu")
    assert problems(packet) == []
    assert not (packet / "data/model/README.md").exists()
    assert "README.md" in read(packet, "model/model.json")["card"]["missing"]["file"]
