"""Which implementation of `Runtime` answers a launch: the one place that knows them all."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from weighbridge.domain.proof.runtime import Clock, Launch, Runtime, RuntimeFactory
from weighbridge.services.engine.llama_runtime import LlamaRuntime

_SERVED = {
    "openai": ("endpoint.openai.runtime", "OpenAIRuntime"),
    "ollama": ("endpoint.ollama.runtime", "OllamaRuntime"),
    "transformers": ("endpoint.transformers.runtime", "TransformersRuntime"),
    "rented": ("rented_runtime", "RentedRuntime"),
}
"""By origin, else by API: imported only where a server answers, as their HTTP client takes a while."""


def make_runtime(launch: Launch, clock: Clock) -> Runtime:
    """The child on this machine, or the client of the server that the launch names."""
    target = launch.target
    if target is None:
        return LlamaRuntime(launch, clock)
    how = {"started": "transformers", "rented": "rented", "given": target.api}[target.origin]
    module, name = _SERVED[how]
    factory = getattr(import_module(f"weighbridge.services.{module}"), name)
    return cast(RuntimeFactory, factory)(launch, clock)
