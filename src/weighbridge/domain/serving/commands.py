"""The command that serves a model, for each server, from one plan: shell-quoted, pinned, with its version noted.

Sources: the options of each project's own documentation at the version of data/servers.toml. A key is read from the
environment and never written down.
"""

from __future__ import annotations

import shlex

from weighbridge.domain.serving.deployment import Deployment
from weighbridge.domain.text import clean_line

HOST = "127.0.0.1"


def command_text(planned: Deployment) -> str:
    """A small shell script: comments, what fetches the model where the server does not, and the server."""
    server = planned.server
    lines = [
        "#!/bin/sh",
        *_comments(planned),
        *_fetching(planned),
        _shell(serving(planned)),
    ]
    if server.id == "ollama":
        lines += ollama_model(planned)
    return "\n".join(lines) + "\n"


def serving(planned: Deployment) -> tuple[str, ...]:
    """The server's command, one word an item."""
    match planned.server.id:
        case "vllm":
            return vllm(planned, HOST)
        case "sglang":
            return sglang(planned, HOST)
        case "llama-server":
            return _llama_server(planned)
        case "ollama":
            return ("ollama", "serve")
        case "transformers":
            port = str(planned.server.port)
            return ("transformers", "serve", "--host", HOST, "--port", port, "--no-trust-remote-code", planned.pinned)


def vllm(planned: Deployment, host: str, *more: str) -> tuple[str, ...]:
    """`vllm serve`; the key comes from VLLM_API_KEY."""
    return (
        "vllm",
        "serve",
        planned.model.repo,
        *("--revision", planned.model.revision, "--tokenizer-revision", planned.model.revision),
        *("--host", host, "--port", str(planned.server.port)),
        *("--max-model-len", str(planned.serve.max_model_len)),
        *(more or _parallel(planned, "--tensor-parallel-size")),
    )


def sglang(planned: Deployment, host: str, *more: str) -> tuple[str, ...]:
    """`sglang.launch_server`; it takes a key by an option alone."""
    return (
        *("python3", "-m", "sglang.launch_server", "--model-path", planned.model.repo),
        *("--revision", planned.model.revision),
        *("--host", host, "--port", str(planned.server.port)),
        *("--context-length", str(planned.serve.max_model_len)),
        *(more or _parallel(planned, "--tp-size")),
    )


def _parallel(planned: Deployment, option: str) -> tuple[str, ...]:
    if planned.size is None or planned.size.fewest.count == 1:
        return ()
    return (option, str(planned.size.fewest.count))


def _llama_server(planned: Deployment) -> tuple[str, ...]:
    settings = planned.settings
    threads = ("--threads", str(settings.n_threads)) if settings.n_threads else ()
    layers = "all" if settings.n_gpu_layers < 0 else str(settings.n_gpu_layers)
    return (
        *("llama-server", "--model", planned.model.file_name, "--alias", planned.model.name),
        *("--host", HOST, "--port", str(planned.server.port), "--ctx-size", str(settings.n_ctx)),
        *("--n-gpu-layers", layers, "--cache-type-k", settings.kv_type, "--cache-type-v", settings.kv_type),
        *("--parallel", "1", "--metrics"),
        *threads,
    )


def ollama_model(planned: Deployment) -> list[str]:
    """Lines that make a model of the file, with its context and temperature, for a server that runs."""
    model, settings = planned.model, planned.settings
    made = [
        f"FROM ./{model.file_name}",
        f"PARAMETER num_ctx {settings.n_ctx}",
        f"PARAMETER temperature {settings.temperature:g}",
        f"PARAMETER seed {settings.seed}",
    ]
    return [
        _comment("In a second shell, while the server runs:"),
        _comment(f"printf '%s\\n' {' '.join(shlex.quote(line) for line in made)} > Modelfile"),
        _comment(f"ollama create {planned.name} -f Modelfile"),
        _comment(_prove(f"ollama:{planned.name}")),
        _comment(f"ollama stop {planned.name}"),
    ]


def _fetching(planned: Deployment) -> list[str]:
    """GGUF files are fetched at their commit first: neither server takes a commit itself."""
    model = planned.model
    if planned.server.takes != "gguf" or not model.repo:
        return []
    return [_shell(("hf", "download", model.repo, model.file_name, "--revision", model.revision, "--local-dir", "."))]


def _comments(planned: Deployment) -> list[str]:
    server, model = planned.server, planned.model
    said = [server.noted]
    if server.package:
        said.append(f"install: pip install {shlex.quote(server.package)}")
    if server.image:
        said.append(f"or the container image {planned.image if server.takes == 'safetensors' else server.image}")
    if model.sha256:
        said.append(f"SHA-256 of {model.file_name}: {model.sha256}")
    if planned.size is not None:
        said += planned.size.said
        if planned.size.fewest.nodes > 1:
            said.append("One machine of 8 GPUs is not enough: export skypilot or dstack, which start several.")
    elif planned.unsized:
        said.append(planned.unsized)
    if planned.gated:
        said.append("The repository is gated: ask for access, and set HF_TOKEN in the environment.")
    said += _key(planned)
    address = f"http://{HOST}:{server.port}"
    if server.id != "ollama":
        said.append(f"ready once this answers 200: curl -sS -o /dev/null -w '%{{http_code}}' {address}{server.ready}")
        named = {"llama-server": model.name, "transformers": planned.pinned}.get(server.id, model.repo)
        said.append(f"then: {_prove(f'{address}/v1#{named}')}")
        said.append("stop: ctrl+c; then the address has to refuse")
    return [_comment(line) for line in said]


def _comment(line: str) -> str:
    """One line, whatever a name holds."""
    return f"# {clean_line(line, 1000)}"


def _key(planned: Deployment) -> list[str]:
    if planned.server.id == "vllm":
        return [f"key, if others reach the port: export {planned.server.key_variable} before"]
    if planned.server.id == "sglang":
        return [f'key, if others reach the port: add --api-key "${planned.server.key_variable}"']
    if planned.server.id == "llama-server":
        return [f"key, if others reach the port: export {planned.server.key_variable} before"]
    return []


def _prove(spec: str) -> str:
    return f"weighbridge prove {shlex.quote(spec)}"


def _shell(words: tuple[str, ...]) -> str:
    return shlex.join(words)
