"""How much disk a proof or an eval may take, known before it starts: most of it is one line for each token."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from weighbridge.domain.base import Record
from weighbridge.domain.proof.settings import Request, RuntimeSettings
from weighbridge.domain.verdict.cases import Case

TEXT_BYTES = 14
"""A token's text in JSON, on average. English and source code have 4 to 6, Chinese 4 to 8."""
TOKEN_BYTES = 78
"""The event of one token without its text and the id of its request, measured at an index of six digits."""
REQUEST_BYTES = 1536
"""The events around one answer (request, prefilled, completed, graded) without prompt and answer: 1,214 measured with
a case's longest id."""
SAMPLE_BYTES = 640
"""One sample with every figure at its longest."""
MOST_SAMPLES = 20_000
"""The sampler slows down rather than take more in one job."""
FIXED_BYTES = 1 << 20
"""The engine's log, attempts, sweep and the end of the job."""


class DiskNeed(Record):
    """Bytes at most; `tokens` is every answer at its limit, so that a job mostly takes less."""

    tokens: int
    events_bytes: int
    total_bytes: int
    """With run.json, which is written beside the old one before it replaces it."""

    @property
    def sentence(self) -> str:
        """What is announced before the start."""
        return f"writes at most {self.tokens:,} tokens of answers, and {self.total_bytes / 1e6:,.0f} MB to disk"


def disk_need(settings: RuntimeSettings, requests: Sequence[Request]) -> DiskNeed:
    """The bound for one job of these requests and one child. A second one, after a crash, may write as much again."""
    limits = [_limit(settings, r.max_tokens) for r in requests]
    tokens = sum(limits)
    lines = sum(most * (TOKEN_BYTES + len(r.id)) for most, r in zip(limits, requests, strict=True))
    prompts = sum(_json_bytes(r.prompt) for r in requests)
    asked = len(requests) * REQUEST_BYTES + prompts
    texts = tokens * TEXT_BYTES
    events = lines + 2 * texts + asked + MOST_SAMPLES * SAMPLE_BYTES + FIXED_BYTES
    return DiskNeed(tokens=tokens, events_bytes=events, total_bytes=events + 2 * (texts + asked))


def proof_need(settings: RuntimeSettings, prompt: str) -> DiskNeed:
    """The bound for the proof."""
    return disk_need(settings, [Request(id="first-run#100", prompt=prompt)] * settings.repeats)


def eval_need(settings: RuntimeSettings, cases: Iterable[Case]) -> DiskNeed:
    """The bound for the eval of all cases."""
    asked = [Request(id=f"case-{c.id}#100", prompt=c.full_prompt, max_tokens=c.max_tokens) for c in cases]
    return disk_need(settings, asked * settings.repeats)


def _limit(settings: RuntimeSettings, own: int | None) -> int:
    """Tokens of one answer at most: its limit, or what the context holds."""
    return min(own or settings.max_tokens, settings.n_ctx)


def _json_bytes(text: str) -> int:
    """Bytes of a text as a JSON string at most: two for a quote or line end, six for a control character."""
    return len(text.encode("utf-8", errors="replace")) + sum(5 if c < " " else 1 for c in text if c < " " or c in '"\\')
