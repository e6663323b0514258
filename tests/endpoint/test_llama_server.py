"""Upstream llama-server with the real model: what it tells, what it answers, and the whole way of a session."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from endpoint_rig import QUESTION, connected, kinds, launch, runtime_of
from fakes import quiet
from real_servers import RealServer

from weighbridge.domain.intents import ChangeSetting
from weighbridge.domain.problems import BadInput, Refused
from weighbridge.domain.proof.events import Completed, Connected, Failed, Sample, ServerSample, Spawned, Stopped, Token
from weighbridge.domain.proof.settings import Request
from weighbridge.services.endpoint.client import Client
from weighbridge.services.endpoint.openai.choice import describe
from weighbridge.services.endpoint.openai.runtime import OpenAIRuntime
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Session, real_deps
from weighbridge.session.model.endpoint_choice import is_served_spec


async def test_the_server_is_recognised_and_its_facts_are_read(llama_server: RealServer) -> None:
    runtime = runtime_of(llama_server.base_url, llama_server.name)
    (ready,) = kinds([event async for event in runtime.start()], Connected)
    await runtime.stop()
    assert (ready.engine, ready.model, ready.models) == ("llama.cpp", "smollm2", ("smollm2",))
    assert ready.max_model_len == 1024, "4,096 tokens for four slots"
    assert ready.facts["model file"] == "SmolLM2-135M-Instruct.Q4_1.gguf"
    assert ready.facts["parameters"] == "134515008" and ready.facts["slots"] == "4"
    assert len(ready.facts["chat template, SHA-256"]) == 64


async def test_counts_of_both_sides_agree_and_no_prompt_is_answered_from_the_cache(llama_server: RealServer) -> None:
    async with connected(llama_server.base_url, llama_server.name, max_tokens=6) as runtime:
        for _ in range(2):
            seen = [event async for event in runtime.generate(QUESTION)]
            (done,) = kinds(seen, Completed)
            assert done.sent_tokens == done.prompt_tokens == done.engine_prompt_tokens == 37
            assert (done.output_tokens, done.pieces, done.reused_tokens) == (6, 6, 0)
            assert done.engine_prompt_ms and done.engine_decode_ms and done.doubts == ()
            assert done.output == "".join(token.text for token in kinds(seen, Token)) != ""
            assert done.stop_reason == "max_tokens"


async def test_a_prompt_beyond_the_context_is_refused_and_the_next_is_answered(llama_server: RealServer) -> None:
    long = Request(id="case-long", case="long", prompt="word " * 1500)
    async with connected(llama_server.base_url, llama_server.name, max_tokens=2) as runtime:
        *_, failed = [event async for event in runtime.generate(long)]
        assert isinstance(failed, Failed) and failed.survived
        assert "exceeds the available context size (1024 tokens)" in failed.message
        assert kinds([event async for event in runtime.generate(QUESTION)], Completed)


async def test_a_stop_frees_the_servers_slot(llama_server: RealServer) -> None:
    runtime = OpenAIRuntime(launch(llama_server.base_url, llama_server.name, max_tokens=900), lambda: 0.0, ())
    assert kinds([event async for event in runtime.start()], Connected)
    begun = asyncio.Event()

    async def ask() -> None:
        async for event in runtime.generate(QUESTION):
            if isinstance(event, Token):
                begun.set()

    asking = asyncio.create_task(ask())
    await asyncio.wait_for(begun.wait(), 60)
    stopped = await runtime.stop()
    await asyncio.wait_for(asking, 60)
    assert stopped is not None and stopped.how == "left_running"
    assert "still answers" in stopped.evidence[1]
    async with Client(llama_server.base_url) as client, asyncio.timeout(60):
        while any(slot["is_processing"] for slot in await client.get("/slots")):
            await asyncio.sleep(0.02)


async def test_a_proof_of_a_session_with_the_servers_memory_and_load(llama_server: RealServer, home: Path) -> None:
    session = Session.create(RunStore(home), replace(real_deps(home), conditions=quiet))
    session.apply(ChangeSetting(field="max_tokens", value="20"))
    run = await session.choose_model(llama_server.base_url)
    assert run.model is not None and run.model.served_name == "smollm2", "the only one that is listed"
    assert run.target is not None and not run.planned
    events = [event async for event in session.prove()]
    await session.close()
    assert kinds(events, Spawned)[0].pid == kinds(events, Connected)[0].pid == llama_server.pid
    assert any(sample.rss_bytes > 50_000_000 for sample in kinds(events, Sample))
    assert all(sample.running is not None for sample in kinds(events, ServerSample)) and kinds(events, ServerSample)
    (stopped,) = kinds(events, Stopped)
    assert (stopped.how, stopped.gone, stopped.pid) == ("left_running", False, llama_server.pid)
    proof = session.run.proof
    assert proof is not None and proof.outcome == "completed"
    assert proof.figures.output_tokens == 20 and proof.figures.engine_decode_tokens_per_s


async def test_what_choosing_it_says_of_the_model(llama_server: RealServer) -> None:
    choice, facts = await describe(llama_server.spec, "2026-01-02T03:04:05Z")
    assert (choice.kind, choice.name, choice.address) == ("endpoint", "smollm2", llama_server.base_url)
    assert (choice.n_params, choice.quantization, choice.sha256) == (134_515_008, "Q4_1", "")
    assert (facts.context_length.value, facts.context_length.status) == (8192, "declared")
    assert facts.licence.reason == "the server does not tell it; read the model card and type it"


async def test_private_documents_go_to_near_servers_only(llama_server: RealServer, home: Path) -> None:
    from weighbridge.domain.intents import Answer
    from weighbridge.session.jobs.serving import require_reachable

    session = Session.create(RunStore(home), real_deps(home))
    session.apply(Answer(field="privacy", value="private_docs"))
    run = await session.choose_model(llama_server.spec)
    require_reachable(run)
    assert run.model is not None
    away = run.model_copy(update={"model": run.model.model_copy(update={"address": "https://models.example/v1"})})
    with pytest.raises(Refused, match="The inputs may not leave your own machines"):
        require_reachable(away)
    await session.close()


@pytest.mark.parametrize(
    ("spec", "served"),
    [
        ("http://127.0.0.1:8000/v1#tiny", True),
        ("HTTPS://host", True),
        ("ollama:llama3.2", True),
        ("transformers:./folder", True),
        ("https://huggingface.co/org/repo", False),
        ("http://127.0.0.1:9/org/repo", False),
        ("org/repo", False),
        ("bundled", False),
        ("./model.gguf", False),
    ],
)
def test_what_means_a_server(spec: str, served: bool) -> None:
    """Port 9 is the Hub of these tests (HF_ENDPOINT)."""
    assert is_served_spec(spec) is served


async def test_leaving_the_choice_ends_the_question(home: Path) -> None:
    from bad_server import STALL, BadServer, Reply

    from weighbridge.services.model_file import Cancelled

    session = Session.create(RunStore(home), real_deps(home))
    cancelled = threading.Event()
    with BadServer() as silent:
        silent.on("/v1/models", Reply(200, (STALL,)))
        choosing = asyncio.ensure_future(session.choose_model(f"{silent.base_url}#tiny", None, cancelled))
        await silent.until_asked(1)
        cancelled.set()
        with pytest.raises(Cancelled):
            await asyncio.wait_for(choosing, 30)
    await session.close()


async def test_a_server_with_several_models_asks_which() -> None:
    from bad_server import BadServer, models

    with BadServer() as server:
        server.on("/v1/models", models("small", "large"))
        with pytest.raises(BadInput, match="lists small, large: say which is meant"):
            await describe(server.base_url, "now")
        with pytest.raises(BadInput, match="lists no model tiny, but small, large"):
            await describe(f"{server.base_url}#tiny", "now")
