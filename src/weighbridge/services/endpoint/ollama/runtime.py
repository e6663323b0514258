"""OllamaRuntime: a model of an Ollama service, loaded for us and put out of memory again, as a Runtime."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from weighbridge.domain.problems import Problem
from weighbridge.domain.proof.events import Connected, Event, Spawned, Stopped
from weighbridge.domain.proof.remote import ServerSample
from weighbridge.domain.proof.runtime import Clock, Launch, RuntimeFacts, Tell
from weighbridge.domain.proof.settings import Request
from weighbridge.services.endpoint import keys
from weighbridge.services.endpoint.again import Wait, asked_again
from weighbridge.services.endpoint.answer import Asked
from weighbridge.services.endpoint.answering import answered
from weighbridge.services.endpoint.client import Client
from weighbridge.services.endpoint.deadline import PATIENT, Limits
from weighbridge.services.endpoint.local_server import LocalProcess, local_process
from weighbridge.services.endpoint.ollama import api
from weighbridge.services.endpoint.ollama.chat import PATH, chat, load_body
from weighbridge.services.endpoint.ollama.choice import describe as describe
from weighbridge.services.endpoint.served import ServedRuntime

ENGINE = "ollama"
RELEASE_S = 5.0
"""How long the service has to put the model out of memory."""
ASK_EVERY_S = 0.1
_UNTOLD = "Ollama does not tell it"


class OllamaMemory:
    """A Telemetry: what /api/ps says of the model's memory. It tells no load."""

    def __init__(self, client: Client, model: str, clock: Clock) -> None:
        self._client, self._model, self._clock = client, model, clock

    async def read(self) -> ServerSample | None:
        try:
            held = await api.held(self._client, self._model)
        except Problem:
            return None
        if held is None or held.size_bytes is None:
            return None
        gpu = held.vram_bytes
        main = None if gpu is None else max(0, held.size_bytes - gpu)
        return ServerSample(t=self._clock(), source="/api/ps of Ollama", memory_bytes=main, gpu_memory_bytes=gpu)


class OllamaRuntime(ServedRuntime):
    """The model is loaded at the start, with the context of the settings, and put out of memory at the stop.

    The service itself is left running: it was there before.
    """

    def __init__(self, launch: Launch, clock: Clock, *, limits: Limits = PATIENT, release_s: float = RELEASE_S) -> None:
        super().__init__(clock)
        assert launch.target is not None
        self._launch, self._target = launch, launch.target
        self._limits, self._release_s = limits, release_s
        self._client = Client(self._target.base_url, clock)
        self._process: LocalProcess | None = None
        self._loaded = self._held_before = False

    @property
    def facts(self) -> RuntimeFacts:
        return RuntimeFacts(name="Ollama", version="", where=self._target.base_url)

    async def _connect(self) -> AsyncGenerator[Event, None]:
        version = await api.version(self._client)
        model, names = await api.find(self._client, self._target.model)
        shown = await api.shown(self._client, self._target.model)
        self._held_before = await api.held(self._client, self._target.model) is not None
        self._process = await asyncio.to_thread(local_process, self._target.base_url, self._clock)
        if self._process is not None:
            yield Spawned(t=self._clock(), pid=self._process.pid)
            self.watch((self._process,))
        self._phase, began = "load", self._clock()
        self._loaded = True
        tries = asked_again(self._load, self._clock, self._limits, lambda _seconds, _status: None)
        async with aclosing(tries) as waits:
            async for one in waits:
                if isinstance(one, Wait):
                    yield one.sample
        held = await api.held(self._client, self._target.model)
        yield Connected(
            t=self._clock(),
            engine=ENGINE,
            version=version,
            model=self._target.model,
            models=names,
            max_model_len=held.n_ctx if held else None,
            waited_s=round(self._clock() - began, 3),
            pid=self._process.pid if self._process else None,
            key=keys.use_for(self._target.base_url),
            **_told(model, held, shown, self._launch.settings.n_ctx),
        )
        memory = OllamaMemory(self._client, self._target.model, self._clock)
        if (sample := await memory.read()) is not None:
            yield sample
        if self._process is not None and (loaded := await self._process.read()) is not None:
            yield loaded
        self.watch((memory,))

    async def _load(self) -> AsyncGenerator[Any, None]:
        """The answer of the service once the model is in memory."""
        body = load_body(self._target.model, self._launch.settings)
        yield await self._client.post(PATH, body, timeout_s=self._limits.first_s)

    async def _answer(self, request: Request, tell: Tell) -> AsyncGenerator[Event, None]:
        asked = Asked(self._client, self._target.model, ENGINE)
        question = chat(asked, request, self._launch.settings)
        async with aclosing(answered(question, tell, self._limits)) as events:
            async for event in events:
                yield event

    async def _end(self, began: float) -> Stopped:
        gone, evidence = await self._release()
        await self._client.close()
        return Stopped(
            t=self._clock(),
            pid=self._process.pid if self._process else None,
            how="released" if gone else "left_running",
            seconds=round(self._clock() - began, 6),
            gone=gone,
            evidence=evidence,
        )

    async def _release(self) -> tuple[bool, tuple[str, ...]]:
        """Whether the model is out of memory, and what was asked and answered."""
        name = self._target.model
        if not self._loaded:
            return False, ("The model was not loaded by this run: there was nothing to put out of memory.",)
        before = ("It was in memory before this run too.",) if self._held_before else ()
        asked = f"Asked Ollama to put {name} out of memory (keep_alive 0)."
        try:
            async with asyncio.timeout(self._release_s):
                await api.unload(self._client, name)
                while await api.held(self._client, name) is not None:
                    await asyncio.sleep(ASK_EVERY_S)
        except TimeoutError:
            return False, (asked, f"/api/ps still lists it {self._release_s:g} s later.", *before)
        except Problem as problem:
            return False, (asked, f"Whether it did is not known: {problem}", *before)
        return True, (asked, "/api/ps no longer lists it.", *before, "The service itself is left running.")


def _told(model: api.Listed, held: api.Held | None, shown: dict[str, Any], n_ctx: int) -> dict[str, dict[str, str]]:
    """`facts` and `missing` of Connected. A template or licence goes by its digest: it may be long."""
    info, details = api.fields(shown.get("model_info")), api.fields(shown.get("details"))
    architecture = api.line(info, "general.architecture", 60)
    facts = {
        "digest": model.digest,
        "quantization": model.quantization,
        "format": api.line(details, "format", 40),
        "context wished": f"{n_ctx}",
        "context trained": str(api.count(info, f"{architecture}.context_length") or ""),
        "parameters of the Modelfile": api.line(shown, "parameters", 500),
        "template sha256": _sha256(shown.get("template")),
        "cloud": model.remote_host,
        "memory, bytes": str(held.size_bytes or "") if held else "",
        "memory on GPUs, bytes": str(held.vram_bytes) if held and held.vram_bytes is not None else "",
    }
    missing = {name: _UNTOLD for name in ("digest", "template sha256", "memory, bytes") if not facts[name]}
    if held is None or held.n_ctx is None:
        missing["max_model_len"] = "/api/ps does not tell the context of the loaded model"
    return {"facts": {name: value for name, value in facts.items() if value}, "missing": missing}


def _sha256(text: object) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest() if isinstance(text, str) and text else ""
