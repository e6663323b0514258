"""Events of a job, made by hand."""

from __future__ import annotations

from typing import Any

from weighbridge.domain.proof.events import Attempt, Completed, Event, RequestStarted, Token
from weighbridge.domain.proof.settings import RuntimeSettings


def answer(request: str, start: float, times: list[float], texts: list[str] | None = None, **more: Any) -> list[Event]:
    """One request handed over at `start`, with a token at each time."""
    pieces = texts or ["x"] * len(times)
    done = {"warmup": False, "prompt_tokens": 30, "prefill_s": 0.5, **more}
    return [
        RequestStarted(t=start, request=request, prompt="Q", prompt_tokens=30, warmup=done["warmup"]),
        *(Token(t=t, request=request, index=i, text=s) for i, (t, s) in enumerate(zip(times, pieces, strict=True))),
        Completed(
            t=times[-1] if times else start,
            request=request,
            output="".join(pieces),
            stop_reason="eos",
            output_tokens=len(times),
            engine_prompt_ms=1,
            engine_prompt_tokens=30,
            engine_decode_ms=1,
            engine_decode_tokens=len(times),
            **done,
        ),
    ]


def attempt() -> Attempt:
    return Attempt(
        t=0,
        at="2026-01-01T00:00:00Z",
        job="proof",
        job_id="proof-1",
        number=1,
        mode="default",
        reason="first try",
        runtime="llama-cpp-python",
        version="0.3.36",
        command=("weighbridge",),
        model_file="m.gguf",
        model_sha256="0" * 64,
        settings=RuntimeSettings(),
        available_bytes=None,
    )
