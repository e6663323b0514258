"""One prompt to Ollama's `/api/chat`, answered as lines of JSON: the events of one request.

Its counts and nanoseconds are handed on in the shape of the other servers' chunks, so that they are judged alike.
`num_ctx` is sent with every request, as the service's default is small, and `truncate` and `shift` as false: a prompt
that does not fit is then refused instead of cut. Versions that know neither cut it all the same, which the counts show.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Any

from weighbridge.domain.proof.events import Completed, RequestStarted, ServerSample, Token
from weighbridge.domain.proof.runtime import Clock
from weighbridge.domain.proof.settings import Message, Request, RuntimeSettings
from weighbridge.domain.verdict.doubts import CUT
from weighbridge.services.endpoint.account import Account
from weighbridge.services.endpoint.again import Wait, asked_again
from weighbridge.services.endpoint.answer import Answer, Asked
from weighbridge.services.endpoint.deadline import PATIENT, Deadline, Limits
from weighbridge.services.endpoint.ollama.api import count, fields
from weighbridge.services.endpoint.stream import lines
from weighbridge.services.endpoint.truncation import lower_bound, messages_of

PATH = "/api/chat"
KEEP_ALIVE = "10m"
"""How long the model stays in memory after a request: longer than from one case to the next."""
RELOADED_MS = 1000.0
"""Of load_duration: a model that is in memory takes some milliseconds, one that is not takes seconds."""
_NS_PER_MS = 1e6


async def chat(
    asked: Asked,
    request: Request,
    settings: RuntimeSettings,
    clock: Clock,
    tell: Callable[[RequestStarted], None],
    limits: Limits = PATIENT,
) -> AsyncGenerator[Token | ServerSample | Completed, None]:
    """ServerSample for each wait, Token..., Completed; may be left at any moment. EndpointProblem: the service failed.

    `tell` is given RequestStarted as soon as the prompt is handed over, before any answer: its TTFT counts from there.
    """
    messages = messages_of(request)
    most = request.max_tokens or settings.max_tokens
    account = Account(most, messages, lower_bound(messages))
    answer = Answer(asked, request, account, most)

    def on_sent() -> None:
        if (started := answer.started(clock())) is not None:
            tell(started)

    deadline = Deadline(limits, request.time_limit_s, asked.client.host)
    body = load_body(asked.model, settings) | {"messages": [message.model_dump() for message in messages]}
    body["options"] |= {"num_predict": most, "temperature": settings.temperature, "seed": settings.seed}
    body |= {"stream": True, "truncate": False, "shift": False}
    patience = limits._replace(again_s=0.0, loading_s=0.0) if request.under_load else limits
    tries = asked_again(lambda: _lines(asked, body, on_sent), clock, patience, answer.waited)
    async with aclosing(tries) as found:
        while (line := await deadline.next(found)) is not None:
            if isinstance(line, Wait):
                deadline.waits(line.seconds)
                yield line.sample
                continue
            account.doubts += doubts(line, messages, settings.n_ctx)
            if (token := answer.take(as_chunk(line), clock())) is not None:
                deadline.moved()
                yield token
    if (token := answer.rest(clock())) is not None:
        yield token
    yield answer.completed(clock(), over=deadline.over)


def load_body(model: str, settings: RuntimeSettings) -> dict[str, Any]:
    """A request without messages only loads the model, with the context that later requests ask for too."""
    options: dict[str, Any] = {"num_ctx": settings.n_ctx}
    if settings.n_threads is not None:
        options["num_thread"] = settings.n_threads
    return {"model": model, "messages": [], "keep_alive": KEEP_ALIVE, "stream": False, "options": options}


async def _lines(
    asked: Asked, body: dict[str, Any], on_sent: Callable[[], None]
) -> AsyncGenerator[dict[str, Any], None]:
    async with (
        asked.client.stream(PATH, body, on_sent) as response,
        aclosing(lines(asked.client, response)) as found,
    ):
        async for line in found:
            yield line


def as_chunk(line: dict[str, Any]) -> dict[str, Any]:
    """A line of /api/chat in the shape of a chunk of an OpenAI-compatible stream.

    `prompt_eval_count` counts cached tokens too, and `prompt_eval_cached_count` tells them, where the version does:
    without it nobody knows how many tokens the time of the prompt was spent on.
    """
    message = fields(line.get("message"))
    delta = {"content": message.get("content"), "reasoning": message.get("thinking")}
    done = line.get("done") is True
    chunk = {
        "model": line.get("model"),
        "choices": [{"delta": delta, "finish_reason": _reason(line) if done else None}],
    }
    if not done:
        return chunk
    prompt, cached, output = (
        count(line, name) for name in ("prompt_eval_count", "prompt_eval_cached_count", "eval_count")
    )
    evaluated = None if prompt is None or cached is None or cached > prompt else prompt - cached
    usage = {
        "prompt_tokens": line.get("prompt_eval_count"),
        "completion_tokens": line.get("eval_count"),
        "prompt_tokens_details": {"cached_tokens": cached},
    }
    timings = {
        "prompt_ms": _ms(line, "prompt_eval_duration"),
        "prompt_n": evaluated,
        "predicted_ms": _ms(line, "eval_duration"),
        "predicted_n": output,
    }
    return chunk | {"usage": usage, "timings": timings}


def doubts(line: dict[str, Any], messages: Sequence[Message], n_ctx: int) -> list[str]:
    """What the last line tells besides: a prompt cut to half of the context, a cache untold, a model loaded anew."""
    if line.get("done") is not True:
        return []
    found: list[str] = []
    prompt, size = count(line, "prompt_eval_count"), sum(len(message.content.encode()) for message in messages)
    half = n_ctx // 2 + 2
    if prompt is not None and size >= n_ctx and abs(prompt - half) <= 1:
        found.append(
            f"Ollama counted {prompt:,} tokens of a long prompt, which is what it keeps of one that does not fit into "
            f"{n_ctx:,}: {CUT}"
        )
    if "prompt_eval_cached_count" not in line:
        found.append("This Ollama does not tell how much of a prompt it had in its cache: a TTFT may be no cold one.")
    loaded_ms = _ms(line, "load_duration")
    if loaded_ms is not None and loaded_ms >= RELOADED_MS:
        found.append(f"Ollama loaded the model within a request ({loaded_ms / 1000:.1f} s): its TTFT holds that.")
    return found


def _reason(line: dict[str, Any]) -> str:
    """Why the answer ended; old versions do not say it."""
    told = line.get("done_reason")
    return told if isinstance(told, str) and told else "stop"


def _ms(line: dict[str, Any], name: str) -> float | None:
    """Milliseconds of a field in nanoseconds."""
    ns = count(line, name)
    return None if ns is None else ns / _NS_PER_MS
