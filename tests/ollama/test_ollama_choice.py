"""Choosing `ollama:NAME`: the address, the digest, what the service declares, cloud models."""

from __future__ import annotations

import pytest

from ollama.contract import DIGEST, NAME, PARAMETERS, TRAINED, ContractServer
from weighbridge.domain.problems import BadInput, Refused
from weighbridge.services.endpoint.ollama.api import address, same
from weighbridge.services.endpoint.ollama.choice import describe
from weighbridge.services.endpoint.problems import EndpointProblem


async def test_a_model_is_described_by_what_the_service_says(ollama: ContractServer) -> None:
    model, facts = await describe(f"ollama:{NAME}")
    assert (model.kind, model.served_name, model.address) == ("ollama", NAME, ollama.address)
    assert (model.revision, model.declared_sha256, model.sha256) == (DIGEST, DIGEST, "")
    assert (model.quantization, model.architecture, model.n_params) == ("F16", "llama", PARAMETERS)
    assert facts.context_length.value == TRAINED
    assert facts.licence.value == "apache-2.0"
    assert facts.intended_use.status == "missing"


async def test_a_cloud_model_is_named_so_and_refused_where_inputs_may_not_leave(ollama: ContractServer) -> None:
    ollama.remote_host = "https://elsewhere.example"
    model, _ = await describe(f"ollama:{NAME}")
    assert "elsewhere.example" in model.source
    with pytest.raises(Refused, match=r"cloud model of https://elsewhere.example"):
        await describe(f"ollama:{NAME}", private=True)


async def test_a_name_that_is_not_there_is_told_with_those_that_are(ollama: ContractServer) -> None:
    with pytest.raises(EndpointProblem, match=NAME) as told:
        await describe("ollama:llama9")
    assert "ollama pull llama9" in told.value.hint


async def test_no_name_is_bad_input(ollama: ContractServer) -> None:
    with pytest.raises(BadInput):
        await describe("ollama:")


@pytest.mark.parametrize(
    ("told", "means"),
    [
        ("", "http://127.0.0.1:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("box:1234", "http://box:1234"),
        (":8080", "http://127.0.0.1:8080"),
        ("http://box", "http://box:80"),
        ("https://box/ollama/", "https://box:443/ollama"),
        ("[::1]:5", "http://[::1]:5"),
    ],
)
def test_the_address_is_read_as_ollama_reads_it(monkeypatch: pytest.MonkeyPatch, told: str, means: str) -> None:
    monkeypatch.setenv("OLLAMA_HOST", told)
    assert address() == means


@pytest.mark.parametrize("told", ["http://user:word@box", "box:port", "ftp://box", "a b"])
def test_what_is_no_address_is_refused_without_repeating_it(monkeypatch: pytest.MonkeyPatch, told: str) -> None:
    monkeypatch.setenv("OLLAMA_HOST", told)
    with pytest.raises(BadInput) as problem:
        address()
    assert told not in f"{problem.value} {problem.value.hint}"


def test_the_tag_latest_need_not_be_written() -> None:
    assert same("llama3.2", "llama3.2:latest")
    assert not same("llama3.2", "llama3.2:1b")
