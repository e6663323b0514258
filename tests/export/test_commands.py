"""Commands of the servers: words that a shell takes apart again, pinned, with the version noted."""

from __future__ import annotations

import shlex

import pytest
from export.conftest import COMMIT, Planned

from weighbridge.domain.model.choice import ModelChoice
from weighbridge.domain.problems import Problem
from weighbridge.domain.proof.settings import RuntimeSettings
from weighbridge.domain.serving.commands import command_text
from weighbridge.domain.serving.deployment import Deployment, require_servable
from weighbridge.domain.serving.plan import ServePlan
from weighbridge.services.tables import load_servers

GGUF = ModelChoice(kind="hub", name="small", repo="acme/gguf", revision=COMMIT, file_name="it's small.gguf")


def words(text: str) -> list[list[str]]:
    """The commands of a script, as a shell reads them."""
    return [shlex.split(line) for line in text.splitlines() if not line.startswith("#")]


def of_gguf(server: str, settings: RuntimeSettings) -> str:
    chosen = load_servers().of(server)
    return command_text(Deployment(model=GGUF, server=chosen, serve=ServePlan(), settings=settings))


@pytest.mark.parametrize(("engine", "option"), [("vllm", "--tensor-parallel-size"), ("sglang", "--tp-size")])
def test_a_server_of_safetensors_is_pinned_and_split(planned: Planned, engine: str, option: str) -> None:
    made = planned(engine, 60.0, max_model_len=8192)
    (command,) = words(command_text(made))
    assert command[command.index("--revision") + 1] == COMMIT and "acme/Big-7B" in command and "8192" in command
    assert made.size is not None and made.size.fewest.count == 1 and option not in command
    (many,) = words(command_text(planned(engine, 400.0)))
    assert many[many.index(option) + 1] == "4"


def test_a_gguf_file_is_fetched_at_its_commit_first() -> None:
    fetch, serve = words(of_gguf("llama-server", RuntimeSettings(n_ctx=1024, n_threads=3, n_gpu_layers=-1)))
    assert fetch == ["hf", "download", "acme/gguf", "it's small.gguf", "--revision", COMMIT, "--local-dir", "."]
    assert serve[:3] == ["llama-server", "--model", "it's small.gguf"]
    assert serve[serve.index("--ctx-size") + 1] == "1024" and serve[serve.index("--threads") + 1] == "3"
    assert serve[serve.index("--n-gpu-layers") + 1] == "all"


def test_ollama_gets_a_model_with_the_context_of_the_plan() -> None:
    text = of_gguf("ollama", RuntimeSettings(n_ctx=1024))
    assert words(text)[-1] == ["ollama", "serve"]
    assert "PARAMETER num_ctx 1024" in text and "ollama create wb-it-s-small" not in text and "ollama:wb-gguf" in text


@pytest.mark.parametrize("server", ["llama-server", "ollama"])
def test_a_hostile_name_stays_one_word_and_one_comment(server: str) -> None:
    name = "a'\nreboot\n$(reboot).gguf"
    chosen = load_servers().of(server)
    model = GGUF.model_copy(update={"file_name": name, "name": name, "sha256": "0" * 64})
    text = command_text(Deployment(model=model, server=chosen, serve=ServePlan(), settings=RuntimeSettings()))
    without_comments = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    assert shlex.split(without_comments).count(name) >= 1 and "reboot" not in shlex.split(without_comments)


@pytest.mark.parametrize("server", [row.id for row in load_servers().server])
def test_every_server_notes_its_version_and_where_it_is_from(server: str) -> None:
    row = load_servers().of(server)
    assert row.version in row.noted and row.as_of in row.noted and row.source
    assert not row.image or row.version.lstrip("v") in row.image


@pytest.mark.parametrize(
    ("server", "model", "said"),
    [
        ("vllm", GGUF, "GGUF file"),
        ("vllm", ModelChoice(kind="file", name="x", file_name="x.gguf"), "GGUF file"),
        ("llama-server", ModelChoice(kind="hub", name="a/b", repo="a/b", revision=COMMIT), "takes a GGUF file"),
        ("vllm", ModelChoice(kind="named", name="a/b", repo="a/b", revision="main"), "not pinned"),
        ("ollama", GGUF.model_copy(update={"revision": "v1"}), "not pinned"),
        ("sglang", ModelChoice(kind="transformers", name="folder"), "not of the Hub"),
        ("vllm", ModelChoice(kind="endpoint", name="there", address="http://x/v1"), "served already"),
        ("vllm", None, "names no model"),
    ],
)
def test_what_cannot_be_served_is_said_in_one_sentence(server: str, model: ModelChoice | None, said: str) -> None:
    with pytest.raises(Problem, match=said) as caught:
        require_servable(model, load_servers().of(server))
    assert caught.value.hint and caught.value.exit_code in (2, 3)
