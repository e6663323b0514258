"""One prompt as Ollama's `/api/chat` takes it, and its answer, lines of JSON, as a stream of chunks.

Its counts and nanoseconds are handed on in the shape of the other servers' chunks, so that they are judged alike.
`num_ctx` is sent with every request, as the service's default is small, and `truncate` and `shift` as false: a prompt
that does not fit is then refused instead of cut. Versions that know neither cut it all the same, which the counts show.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Any

from weighbridge.domain.proof.settings import Message, Request, RuntimeSettings
from weighbridge.domain.verdict.doubts import CUT
from weighbridge.services.endpoint.account import Account
from weighbridge.services.endpoint.answer import Asked
from weighbridge.services.endpoint.answering import Question
from weighbridge.services.endpoint.ollama.api import count, fields
from weighbridge.services.endpoint.stream import Chunk, lines
from weighbridge.services.endpoint.truncation import lower_bound, messages_of

PATH = "/api/chat"
KEEP_ALIVE = "10m"
"""How long the model stays in memory after a request: longer than from one case to the next."""
RELOADED_MS = 1000.0
"""Of load_duration: a model that is in memory takes some milliseconds, one that is not takes seconds."""
_NS_PER_MS = 1e6


def chat(asked: Asked, request: Request, settings: RuntimeSettings) -> Question:
    """The request; of its tokens only a lower bound is known, as the service counts none without answering."""
    messages = messages_of(request)
    most = request.max_tokens or settings.max_tokens
    body = load_body(asked.model, settings) | {"messages": [message.model_dump() for message in messages]}
    body["options"] |= {"num_predict": most, "temperature": settings.temperature, "seed": settings.seed}
    body |= {"stream": True, "truncate": False, "shift": False}
    account = Account(most, messages, lower_bound(messages))

    async def ask(on_sent: Callable[[], None]) -> AsyncGenerator[Chunk, None]:
        async with (
            asked.client.stream(PATH, body, on_sent) as response,
            aclosing(lines(asked.client, response)) as found,
        ):
            async for line, t in found:
                account.doubts += doubts(line, messages, settings.n_ctx)
                yield Chunk(as_chunk(line), t)

    return Question(asked, request, account, ask)


def load_body(model: str, settings: RuntimeSettings) -> dict[str, Any]:
    """A request without messages only loads the model, with the context that later requests ask for too."""
    options: dict[str, Any] = {"num_ctx": settings.n_ctx}
    if settings.n_threads is not None:
        options["num_thread"] = settings.n_threads
    return {"model": model, "messages": [], "keep_alive": KEEP_ALIVE, "stream": False, "options": options}


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
