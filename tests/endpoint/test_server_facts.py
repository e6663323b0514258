"""Which engine a server is by its answers, and what it says of itself. Shapes as the projects document them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from bad_server import BadServer, Reply, models, reply
from endpoint_rig import NAME, kinds, runtime_of

from weighbridge.domain.proof.events import Connected
from weighbridge.services.endpoint.openai.choice import describe

VLLM = models(NAME, owned_by="vllm", root="org/tiny", parent=None, max_model_len=4096)
LORA = models(NAME, owned_by="vllm", root="/srv/anna/adapter", parent="org/tiny")
OPENAPI = {"openapi": "3.1.0", "info": {"title": "FastAPI", "version": "0.1.0"}}


async def connect(server: BadServer) -> Connected:
    runtime = runtime_of(server.base_url)
    (ready,) = kinds([event async for event in runtime.start()], Connected)
    await runtime.stop()
    return ready


@pytest.mark.parametrize(
    ("answers", "engine", "version", "most"),
    [
        ({"/v1/models": VLLM, "/version": reply({"version": "0.32.0"})}, "vllm", "0.32.0", 4096),
        (
            {
                "/v1/models": models(NAME, owned_by="sglang"),
                "/model_info": reply({"model_path": "org/tiny"}),
                "/server_info": reply({"version": "0.5.23", "context_length": 8192}),
            },
            *("sglang", "0.5.23", 8192),
        ),
        (
            {
                "/v1/models": models(NAME, owned_by="organization_owner"),
                "/api/v0/models": reply({"data": [{"id": NAME, "arch": "llama", "max_context_length": 2048}]}),
            },
            *("lm-studio", "", 2048),
        ),
        (
            {"/v1/models": models(f"{NAME}@main"), "/openapi.json": reply({**OPENAPI, "paths": {"/load_model": {}}})},
            *("transformers", "", None),
        ),
        (
            {
                "/v1/models": models(NAME, owned_by="me"),
                "/openapi.json": reply({"info": {"version": "0.3.36"}, "paths": {"/extras/tokenize": {}}}),
            },
            *("llama-cpp-python", "0.3.36", None),
        ),
        ({"/v1/models": models(NAME)}, "", "", None),
    ],
)
async def test_the_engine_by_its_answers(
    answers: Mapping[str, Reply], engine: str, version: str, most: int | None, bad: BadServer
) -> None:
    for path, answer in answers.items():
        bad.on(path, answer)
    ready = await connect(bad)
    assert (ready.engine, ready.version, ready.max_model_len) == (engine, version, most)
    known = {"engine": engine, "version": version, "max_model_len": most}
    assert set(ready.missing) == {field for field, value in known.items() if not value}, "unknown, with the reason"


@pytest.mark.parametrize("value", [None, [], "text", {"version": ["0.32"]}, {"version": 10**40}])
async def test_facts_that_are_none_are_unknown(value: Any, bad: BadServer) -> None:
    ready = await connect(
        bad.on("/v1/models", models(NAME, owned_by="vllm", max_model_len=-5)).on("/version", reply(value))
    )
    assert ready.engine == "vllm" and ready.max_model_len is None
    assert "0.32" not in ready.version


async def test_of_folders_on_the_server_only_the_name_is_kept(bad: BadServer) -> None:
    ready = await connect(bad.on("/v1/models", LORA))
    assert ready.facts == {"root": "adapter", "parent": "org/tiny"}
    choice, facts = await describe(bad.base_url, "now")
    assert (choice.repo, facts.base_model.value) == ("", "org/tiny")


async def test_a_repository_that_the_server_names_is_its_word(bad: BadServer) -> None:
    choice, facts = await describe(bad.on("/v1/models", VLLM).base_url, "2026-01-02T03:04:05Z")
    assert (choice.repo, choice.revision) == ("org/tiny", "")
    assert choice.source.endswith("asked 2026-01-02T03:04:05Z; which weights answer is the server's own word")
    assert (facts.context_length.value, facts.context_length.status) == (4096, "declared")


async def test_names_with_escapes_are_made_safe(bad: BadServer) -> None:
    ready = await connect(bad.on("/v1/models", models(NAME, "evil\x1b[2J\u202e", owned_by="x")))
    assert ready.models == (NAME, "evil␛[2J\ufffd")
