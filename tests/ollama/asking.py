"""A runtime of Ollama for a test, and everything that one life of it tells."""

from __future__ import annotations

import time
from pathlib import Path

from ollama.contract import NAME
from weighbridge.domain.proof.events import Completed, Connected, Event, Failed, Stopped
from weighbridge.domain.proof.runtime import Launch
from weighbridge.domain.proof.settings import Request, RuntimeSettings
from weighbridge.domain.serving.target import Target
from weighbridge.services.endpoint.deadline import Limits
from weighbridge.services.endpoint.ollama.runtime import OllamaRuntime

CALM = Limits(first_s=60.0, stall_s=60.0, again_s=60.0, loading_s=60.0, ask_every_s=0.1)
BRISK = CALM._replace(stall_s=0.3, loading_s=0.5)
"""For a service that is to be given up: on a busy machine a sound one may be silent for so long."""


def runtime(
    address: str,
    folder: Path,
    model: str = NAME,
    n_ctx: int = 2048,
    most: int = 64,
    limits: Limits = CALM,
    release_s: float = 60.0,
) -> OllamaRuntime:
    launch = Launch(
        model_path="",
        model_sha256="",
        settings=RuntimeSettings(n_ctx=n_ctx, max_tokens=most),
        log_path=str(folder / "log"),
        target=Target(api="ollama", base_url=address, model=model),
    )
    zero = time.monotonic()
    return OllamaRuntime(launch, lambda: time.monotonic() - zero, limits=limits, release_s=release_s)


async def life(made: OllamaRuntime, *prompts: str) -> tuple[Event, ...]:
    """Start, every prompt as a case as long as nothing fails, stop."""
    events: list[Event] = [event async for event in made.start()]
    for number, prompt in enumerate(prompts):
        if isinstance(events[-1], Failed):
            break
        request = Request(id=f"r{number}", prompt=prompt, case=f"c{number}")
        events += [event async for event in made.generate(request)]
    stopped = await made.stop()
    return (*events, stopped) if stopped else tuple(events)


def connected(events: tuple[Event, ...]) -> Connected:
    return next(event for event in events if isinstance(event, Connected))


def completed(events: tuple[Event, ...]) -> Completed:
    return next(event for event in events if isinstance(event, Completed))


def failed(events: tuple[Event, ...]) -> Failed:
    return next(event for event in events if isinstance(event, Failed))


def stopped(events: tuple[Event, ...]) -> Stopped:
    return next(event for event in events if isinstance(event, Stopped))
