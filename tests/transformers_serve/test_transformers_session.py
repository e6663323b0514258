"""`transformers:` through a session: a folder with its own card, a repository pinned to its commit."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from fakehub.fake_hub import FakeHub

from transformers_serve.stand_ins import install, model_folder
from weighbridge.domain.problems import BadInput, Refused
from weighbridge.plain.texts.card import card_place
from weighbridge.services.hub.hub import Hub
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Deps, Session
from weighbridge.session.jobs import serving

CARD = b"""---
license: cc-by-nc-4.0
language: en
---
## Intended use

Short answers in a course.
"""


@pytest.fixture
async def session(
    store: RunStore, deps: Deps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Session]:
    monkeypatch.setenv("WEIGHBRIDGE_TRANSFORMERS_PYTHON", str(install("mute", tmp_path / "bin")))
    with FakeHub() as hub:
        hub.add("acme/tiny", {"README.md": CARD, "config.json": b"{}", "model.safetensors": bytes(8)})
        made = Session.create(store, replace(deps, hub=Hub(deps.home, hub.endpoint)))
        yield made
        await made.close()


async def test_a_repository_is_pinned_and_has_its_card(session: Session) -> None:
    await session.choose_model("transformers:acme/tiny")
    model, target, card = session.run.model, session.run.target, session.run.card
    assert model is not None and target is not None and card is not None
    assert (model.kind, model.repo, len(model.revision)) == ("transformers", "acme/tiny", 40)
    assert target.model == f"acme/tiny@{model.revision}"
    assert (target.origin, target.engine, target.base_url) == ("started", "transformers", "")
    assert card.licence.value == "cc-by-nc-4.0"


async def test_a_folders_own_card_is_read_and_its_config_where_that_is_silent(session: Session, tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "tiny")
    (folder / "README.md").write_bytes(CARD)
    await session.choose_model(f"transformers:{folder}")
    card = session.run.card
    assert card is not None
    assert (card.licence.value, card.languages.value) == ("cc-by-nc-4.0", "en")
    assert (card.context_length.value, card.context_length.source) == (8192, "config.json, max_position_embeddings")
    assert session.run.licence is not None and session.run.licence.licence_class == "non-commercial"
    shown = session.card_text()
    assert shown is not None and shown.text == CARD.decode()
    assert session.run.forecast is None, "nothing is known of the memory that transformers takes"


@pytest.mark.parametrize("spec", ["transformers:acme/tiny:model.safetensors", "transformers:/no/such/folder"])
async def test_what_cannot_be_served_is_said_so(session: Session, spec: str) -> None:
    with pytest.raises(BadInput):
        await session.choose_model(spec)


async def test_weights_that_are_more_than_the_free_memory_are_refused_with_the_figures(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "_has_gpu", lambda: False)
    await session.choose_model(f"transformers:{model_folder(tmp_path / 'tiny')}")
    assert session.run.model is not None
    huge = session.run.model_copy(update={"model": session.run.model.model_copy(update={"size_bytes": 2**50})})
    machine = session.deps.machine(session.folder)
    with pytest.raises(Refused, match=r"are 1,073,741,824 MiB, and [\d,]+ MiB of memory are free here"):
        serving.require_memory(huge, machine)
    serving.require_memory(session.run, machine)


async def test_a_folders_card_is_placed_without_a_commit(session: Session, tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "tiny")
    (folder / "README.md").write_bytes(CARD)
    await session.choose_model(f"transformers:{folder}")
    shown = session.card_text()
    assert shown is not None and card_place(shown, kept=False) == "README.md of the model's folder"


async def test_a_gated_repository_is_fetched_by_the_person_as_the_server_gets_no_token(
    store: RunStore, deps: Deps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEIGHBRIDGE_TRANSFORMERS_PYTHON", str(install("mute", tmp_path / "bin")))
    monkeypatch.setenv("HF_TOKEN", "hf_" + "a" * 34)
    with FakeHub() as hub:
        repo = hub.add("acme/shy", {"README.md": CARD, "config.json": b"{}"}, gated="manual")
        hub.tokens["hf_" + "a" * 34] = {"acme/shy"}
        made = Session.create(store, replace(deps, hub=Hub(deps.home, hub.endpoint)))
        with pytest.raises(Refused, match="acme/shy is gated, and `transformers serve` gets no Hub token") as told:
            await made.choose_model("transformers:acme/shy")
        assert f"hf download acme/shy --revision {repo.sha} --local-dir shy" in told.value.hint
        assert "transformers:shy" in told.value.hint and made.run.model is None
        await made.close()
