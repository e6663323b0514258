"""The server's own account of an answer: its counts and timings as far as they can be true, and what does not add up.

Usage may come in any chunk or in none. A figure that cannot be true is left unknown, with a sentence.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from weighbridge.domain.proof.settings import Message
from weighbridge.services.endpoint.truncation import Sent, cut_doubt

SPARE_TOKENS = 4096
"""What a chat template may add to a prompt, tokens."""
_MOST_MS = 1e9


class Account:
    """Takes the chunks of one answer; `fields` are those of `Completed` that the server alone can know.

    `most`: tokens that were asked for at most. `prompt_bytes`: no tokenizer makes more tokens of it, template aside.
    """

    def __init__(self, most: int, messages: tuple[Message, ...], sent: Sent) -> None:
        self.most = most
        self._prompt_bytes = sum(len(message.content.encode("utf-8", "replace")) for message in messages)
        self._sent = sent
        self._usage: Mapping[str, Any] = {}
        self._timings: Mapping[str, Any] = {}
        self.doubts: list[str] = []

    def take(self, chunk: Mapping[str, Any]) -> None:
        """Keeps what the newest chunk with such says."""
        if isinstance(usage := chunk.get("usage"), dict):
            self._usage = usage
        if isinstance(timings := chunk.get("timings"), dict):
            self._timings = timings

    def fields(self, pieces: int, has_text: bool) -> dict[str, Any]:
        """For `Completed`; to be called once, at the end of the answer. Sentences go to `doubts`."""
        prompt = self._prompt()
        output = self._output(pieces, has_text)
        if doubt := cut_doubt(self._sent, prompt):
            self.doubts.append(doubt)
        timings = self._timings
        return {
            "prompt_tokens": prompt,
            "output_tokens": output,
            "reused_tokens": self._reused(prompt),
            "engine_prompt_ms": _ms(timings.get("prompt_ms")),
            "engine_prompt_tokens": _whole(timings.get("prompt_n")),
            "engine_decode_ms": _ms(timings.get("predicted_ms")),
            "engine_decode_tokens": _whole(timings.get("predicted_n")),
            "sent_tokens": self._sent.tokens,
            "sent_by": self._sent.by,
        }

    def _prompt(self) -> int | None:
        told = self._usage.get("prompt_tokens")
        if told is None:
            return None
        tokens = _whole(told)
        if tokens is None or not 0 < tokens <= self._prompt_bytes + SPARE_TOKENS:
            self._doubt("prompt_tokens", told, "which no prompt of this length can have")
            return None
        return tokens

    def _output(self, pieces: int, has_text: bool) -> int | None:
        told = self._usage.get("completion_tokens")
        if told is None:
            return None
        tokens = _whole(told)
        if tokens is None:
            why = "which is no count"
        elif tokens == 0 and has_text:
            why = "although text came"
        elif tokens > self.most:
            why = f"although at most {self.most:,} were asked for"
        elif pieces > tokens + 1:
            why = f"although it sent {pieces:,} pieces of text"
        else:
            return tokens
        self._doubt("completion_tokens", told, why)
        return None

    def _reused(self, prompt: int | None) -> int:
        """Tokens of the prompt that were in the server's cache: its TTFT is no cold one."""
        details = self._usage.get("prompt_tokens_details")
        told = details.get("cached_tokens") if isinstance(details, dict) else None
        found = [n for n in (_whole(told), _whole(self._timings.get("cache_n"))) if n]
        reused = max(found, default=0)
        if prompt is not None and reused > prompt:
            self._doubt("cached_tokens", reused, f"although the prompt has {prompt:,}")
            return 0
        return reused

    def _doubt(self, field: str, told: object, why: str) -> None:
        shown = f"{told:,}" if type(told) is int and abs(told) < 10**15 else "an impossible value"
        self.doubts.append(f"The server says {field}: {shown}, {why}; the figure is not kept.")


def _whole(value: Any) -> int | None:
    """A count from 0 on; None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**12 else None


def _ms(value: Any) -> float | None:
    """Milliseconds; None for what no duration can be."""
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if good and 0 <= value < _MOST_MS else None
