"""The table of servers and GPUs: data/servers.toml."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from weighbridge.domain.base import Record

ServerId = Literal["vllm", "sglang", "llama-server", "ollama", "transformers"]


class Server(Record):
    """One server at one version. Empty text: there is none."""

    id: ServerId
    name: str
    version: str
    as_of: str = Field(description="when the version was looked up, year and month")
    source: str
    image: str = Field(description="container image with its tag")
    package: str = Field(description="as pip names it, with its version")
    port: int
    ready: str = Field(description="path that answers 200 once the model is loaded")
    key_variable: str = Field(description="environment variable of the key; the file names it and holds no key")
    takes: Literal["safetensors", "gguf"]

    @property
    def noted(self) -> str:
        """The version with its date and source, for a comment."""
        return f"{self.name} {self.version} (as of {self.as_of}, {self.source})"


class Gpu(Record):
    """One kind of GPU; `memory_gb` in 10^9 bytes."""

    name: str
    memory_gb: int = Field(gt=0)


class ServersFile(Record):
    """The whole file; GPUs with the least memory first."""

    server: tuple[Server, ...]
    gpu: tuple[Gpu, ...]

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if [gpu.memory_gb for gpu in self.gpu] != sorted(gpu.memory_gb for gpu in self.gpu):
            raise ValueError("GPUs stand in the order of their memory")
        return self

    def of(self, server: str) -> Server:
        """The server of an id. KeyError where there is none."""
        found = {row.id: row for row in self.server}
        return found[server]  # type: ignore[index]
