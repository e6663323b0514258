"""`ollama:NAME` through a session: chosen, proven, kept with what the service told; private inputs stay here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import quiet

from ollama.contract import DIGEST, NAME, ContractServer
from weighbridge.domain.intents import Answer
from weighbridge.domain.problems import Refused
from weighbridge.domain.serving.target import Target
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Session, real_deps
from weighbridge.session.jobs.serving import require_reachable


@pytest.fixture
async def session(home: Path, ollama: ContractServer) -> AsyncIterator[Session]:
    made = Session.create(RunStore(home), replace(real_deps(home), conditions=quiet, dry_load=None))
    yield made
    await made.close()


async def test_a_model_is_chosen_and_proven_and_put_out_of_memory(session: Session, ollama: ContractServer) -> None:
    await session.choose_model(f"ollama:{NAME}")
    assert session.run.target == Target(api="ollama", base_url=ollama.address, model=NAME)
    async for _ in session.prove():
        pass
    proof = session.run.proof
    assert proof is not None
    assert (proof.outcome, proof.output) == ("completed", "one two three")
    server = proof.figures.server
    assert server is not None
    assert (server.engine, server.version, server.how) == ("ollama", "0.33.2", "released")
    assert server.memory_bytes is not None and server.gpu_memory_bytes is not None
    assert proof.shutdown.startswith("released in")
    assert session.run.model is not None and session.run.model.declared_sha256 == DIGEST
    assert not ollama.loaded


async def test_private_inputs_go_to_no_cloud_model(session: Session, ollama: ContractServer) -> None:
    await session.choose_model(f"ollama:{NAME}")
    model = session.run.model
    assert model is not None
    session.apply(Answer(field="privacy", value="private_docs"))
    require_reachable(session.run)
    cloud = model.model_copy(update={"served_name": "gpt-oss:120b-cloud"})
    with pytest.raises(Refused, match="cloud model of Ollama"):
        require_reachable(session.run.model_copy(update={"model": cloud}))
    ollama.remote_host = "https://elsewhere.example"
    with pytest.raises(Refused, match=r"elsewhere\.example"):
        await session.choose_model(f"ollama:{NAME}")
