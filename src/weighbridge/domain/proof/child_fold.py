"""What one child of a job measured: the figures of its requests, its memory, its noise."""

from __future__ import annotations

from array import array
from collections import defaultdict

from weighbridge.domain.proof.disagreement import Pair, Phase, comparable, disagreement
from weighbridge.domain.proof.events import (
    Attempt,
    Completed,
    Conditions,
    Event,
    Loaded,
    Ready,
    Sample,
    Spawned,
    StopReason,
    Swept,
    ThreadsLowered,
    Token,
)
from weighbridge.domain.proof.footprint import FootprintFold
from weighbridge.domain.proof.measure import RequestFigures, RequestFold
from weighbridge.domain.proof.noise import NoiseFold
from weighbridge.domain.proof.server_fold import ServerFold
from weighbridge.domain.verdict.stats import Spread, spread


class ChildFold:
    """Takes the events of one child in order. The warm-up is left out of every figure of requests."""

    def __init__(self) -> None:
        self._fold = RequestFold()
        self._footprint = FootprintFold()
        self._noise = NoiseFold()
        self._server = ServerFold()
        self._values: defaultdict[str, array[float]] = defaultdict(lambda: array("d"))
        self._pairs: dict[Phase, list[Pair]] = {"prefill": [], "decode": []}
        self._first_texts: dict[str, str] = {}
        self._unstable: dict[str, None] = {}
        self._settled: dict[str, object] = {}
        self._temperature: float | None = None
        self._count = 0
        self._prompts: int | None = 0
        self._outputs: int | None = 0
        self._stop_reason: StopReason | None = None

    def add(self, event: Event) -> RequestFigures | None:
        """Takes one event in; the figures where it completes a request."""
        figures = self._fold.add(event)
        self._noise.add(event)
        self._server.add(event)
        match event:
            case Token():
                pass
            case Sample() | Spawned() | Conditions():
                self._footprint.add(event)
            case Completed() if figures is not None and not figures.warmup:
                self._answer(figures, event)
            case Attempt():
                self._temperature = event.settings.temperature
                self._settled["load1_before"] = event.load1
            case Ready():
                self._settled["baseline_rss_bytes"] = event.baseline_rss_bytes
            case Loaded():
                self._settled["load_s"] = event.load_s
                self._threads(event)
            case Swept():
                self._threads(event)
            case ThreadsLowered():
                self._settled["threads_lowered"] = event.n_threads
            case _:
                pass
        return figures

    def _threads(self, said: Loaded | Swept) -> None:
        self._settled |= {"threads": said.n_threads, "threads_batch": said.n_threads_batch}

    def _answer(self, figures: RequestFigures, done: Completed) -> None:
        cold = figures.reused_tokens == 0
        values = {
            "ttft_s" if cold else "ttft_reused_s": figures.ttft_s,
            "prefill_tokens_per_s": figures.prefill_tokens_per_s if cold else None,
            "engine_prefill_tokens_per_s": figures.engine_prefill_tokens_per_s if cold else None,
            "decode_tokens_per_s": figures.decode_tokens_per_s,
            "engine_decode_tokens_per_s": figures.engine_decode_tokens_per_s,
            "total_s": figures.total_s,
        }
        for name, value in values.items():
            if value is not None:
                self._values[name].append(value)
        self._values["itl_s"].extend(self._fold.gaps)
        self._count += 1
        self._prompts = _sum(self._prompts, figures.prompt_tokens)
        self._outputs = _sum(self._outputs, figures.output_tokens)
        self._stop_reason = figures.stop_reason
        self._compare(figures, done)
        self._repeat(figures)

    def _compare(self, figures: RequestFigures, done: Completed) -> None:
        ours, theirs = figures.prefill_tokens_per_s, figures.engine_prefill_tokens_per_s
        if (
            ours
            and theirs
            and not figures.reused_tokens
            and comparable(done.engine_prompt_tokens, done.engine_prompt_ms)
        ):
            self._pairs["prefill"].append((ours, theirs))
        ours, theirs = figures.decode_tokens_per_s, figures.engine_decode_tokens_per_s
        if ours and theirs and comparable(done.engine_decode_tokens, done.engine_decode_ms):
            self._pairs["decode"].append((ours, theirs))

    def _repeat(self, figures: RequestFigures) -> None:
        prompt = figures.case or figures.request.partition("#")[0]
        if self._first_texts.setdefault(prompt, figures.output) != figures.output:
            self._unstable[prompt] = None

    def figures(self) -> dict[str, object]:
        """Fields of `JobFigures` by name. A prompt that is not completed counts with what there is of it."""
        values, count, prompts, outputs = self._with_cut()
        spreads = {name: found for name in values if (found := spread(values[name])) is not None}
        itl, ttft = spreads.get("itl_s"), spreads.get("ttft_s")
        medians = {name: _median(spreads, name) for name in _MEDIANS}
        sentences = [disagreement(phase, pairs, self._fold.served) for phase, pairs in self._pairs.items()]
        return {
            **dict.fromkeys(("load_s", "baseline_rss_bytes", "threads", "load1_before")),
            **self._settled,
            **self._footprint.figures(),
            **medians,
            "itl_p50_s": itl.median if itl else None,
            "itl_p95_s": itl.p95 if itl else None,
            "itl_max_s": itl.high if itl else None,
            "ttft_min_s": ttft.low if ttft else None,
            "ttft_max_s": ttft.high if ttft else None,
            "requests": count or None,
            "prompt_tokens": prompts if count else None,
            "output_tokens": outputs if count else None,
            "stop_reason": self._stop_reason,
            "disagreements": tuple(s for s in sentences if s is not None),
            "unstable": tuple(self._unstable) if self._temperature == 0 else (),
            "noise": self._noise.result(),
            "spreads": spreads,
            "server": self._server.figures(),
        }

    def _with_cut(self) -> tuple[dict[str, array[float]], int, int | None, int | None]:
        """Values by figure, answers, prompt tokens, output tokens; the prompt that is not completed among them."""
        values, fold = dict(self._values), self._fold
        counts = self._count, self._prompts, self._outputs
        if fold.open is None or fold.open.warmup:
            return values, *counts
        cut = {"ttft_s": fold.ttft_s, "decode_tokens_per_s": fold.decode_tokens_per_s}
        more = {name: array("d", [value]) for name, value in cut.items() if value is not None} | {"itl_s": fold.gaps}
        for name, added in more.items():
            values[name] = values.get(name, array("d")) + added
        return values, counts[0] + 1, _sum(counts[1], fold.open.prompt_tokens), _sum(counts[2], fold.counted)


def _sum(total: int | None, more: int | None) -> int | None:
    """One count that is not known makes the sum unknown."""
    return None if total is None or more is None else total + more


_MEDIANS = (
    "ttft_s",
    "ttft_reused_s",
    "prefill_tokens_per_s",
    "decode_tokens_per_s",
    "engine_prefill_tokens_per_s",
    "engine_decode_tokens_per_s",
    "total_s",
)


def _median(spreads: dict[str, Spread], name: str) -> float | None:
    found = spreads.get(name)
    return None if found is None else found.median
