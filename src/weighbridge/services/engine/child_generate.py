"""One request: the prompt in, one event for each token out, with times taken where the token appears."""

from __future__ import annotations

import contextlib
import ctypes
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import llama_cpp.llama_cpp as C

from weighbridge.domain.text import clean_line
from weighbridge.services.engine.child_brake import broken_off
from weighbridge.services.engine.child_collapse import Collapse
from weighbridge.services.engine.child_llama import Engine
from weighbridge.services.engine.child_prefix import Cache
from weighbridge.services.engine.child_prompt import tokenise
from weighbridge.services.engine.child_sample import Sampler
from weighbridge.services.engine.child_wire import Refused, State, Wire

ALIKE = "The first {} tokens of an answer are the same with its prompt's beginning kept: prompts keep what they share."
OTHERWISE = "The first {} tokens of an answer differ with its prompt's beginning kept: every prompt is computed whole."
CANNOT_CUT = "The model's memory cannot be cut back to a common beginning: every prompt is computed whole."


CHECKED_TOKENS = 32
"""How much of an answer is compared: the check takes no longer than this, and says so."""
CHECKED_SHARE = 1 / 3
"""Where less of a prompt is shared, the check would cost more than it gains."""


@dataclass
class _Answer:
    """What has come of a request so far."""

    stop_reason: str = "max_tokens"
    pieces: list[bytes] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)
    reused: int = 0
    prefill_s: float = 0.0
    prompt_ms: float = 0.0
    prompt_tokens: int = 0
    decode_ms: float = 0.0
    decode_tokens: int = 0


_STOPS = {0: "", 1: "context_full", 2: "time_limit"}
"""What llama_decode's return code means for the answer: computed, no room, broken off (see `broken_off`)."""


class _Unasked(Exception):
    """A case's prompt that cannot become tokens: it fails, and the next one may not."""


def _decode(context: Any, batch: Any) -> str:
    """Computes a batch; why the answer ends where it could not be. Raises Refused where the engine gives up."""
    code = C.llama_decode(context, batch)
    if code not in _STOPS:
        raise Refused(f"The engine gave up on a batch of {batch.n_tokens} tokens (llama_decode returned {code}).")
    return _STOPS[code]


def _counters(context: Any) -> tuple[float, int, float, int]:
    """Milliseconds and tokens of batches, and of single tokens, since the last reset.

    llama_perf_context never says fewer than one token; where no time was spent there was none.
    """
    perf = C.llama_perf_context(context)
    batched = perf.n_p_eval if perf.t_p_eval_ms > 0 else 0
    single = perf.n_eval if perf.t_eval_ms > 0 else 0
    C.llama_perf_context_reset(context)
    return perf.t_p_eval_ms, batched, perf.t_eval_ms, single


class Generator:
    """Answers requests one after the other with one engine."""

    def __init__(
        self, engine: Engine, settings: dict[str, Any], wire: Wire, state: State, swept: dict[str, Any]
    ) -> None:
        self._engine = engine
        self._collapse = Collapse(engine.context, swept, wire)
        self._settings = settings
        self._wire = wire
        self._state = state
        self._n_ctx = C.llama_n_ctx(engine.context)
        self._n_batch = C.llama_n_batch(engine.context)
        self._cache = Cache(engine.context)
        n_vocab = C.llama_vocab_n_tokens(engine.vocab)
        self._sampler = Sampler(engine.context, n_vocab, settings["temperature"], settings["seed"])
        self._buffer = ctypes.create_string_buffer(256)
        self._known: dict[int, bytes | None] = {}
        self._deadline = float("inf")
        """When the answer that is given has to be over, on the clock of the wire."""
        self._last: tuple[dict[str, Any], Any, _Answer] | None = None
        """Request, prompt tokens and answer of the one before, where that was no warm-up and computed whole."""

    def answer(self, request: dict[str, Any]) -> None:
        """Emits `request`, `prefilled`, `token`..., `completed`; for a case that cannot be asked `failed`.

        Every request starts with an empty KV cache, unless it wishes to keep what its prompt shares with the one
        before and `_checked` found that this changes no answer.
        """
        self._state.phase = "warm-up" if request["warmup"] else "prefill"
        try:
            self._answer(request)
        except _Unasked as error:
            told = {"kind": "refused", "phase": self._state.phase, "message": clean_line(str(error), 400)}
            self._wire.send("failed", self._wire.now(), **told, survived=True)

    def _answer(self, request: dict[str, Any]) -> None:
        wanted = request["reuse_prefix"] and self._checked(request)
        names = {name: request[name] for name in ("case", "warmup", "repeat")} | {"request": request["id"]}
        if not wanted:
            self._cache.clear()
        t = self._wire.now()
        tokens = self._tokens(request)
        asked = {"prompt": request["prompt"], "prompt_tokens": len(tokens), "time_limit_s": request["time_limit_s"]}
        self._wire.send("request", t, **names, **asked)
        kept = self._cache.keep(self._cache.shared(tokens)) if wanted else 0
        with self._limited(request, t):
            answer = self._computed(request, tokens, kept, aloud=True)
        cut = answer.stop_reason == "time_limit"
        self._last = None if request["warmup"] or kept or cut else (request, tokens, answer)
        if cut:
            # What a batch that was broken off left in the cache is nobody's business.
            self._cache.clear()
        self._wire.send(
            "completed",
            self._wire.now(),
            **names,
            output=b"".join(answer.pieces).decode("utf-8", "replace"),
            stop_reason=answer.stop_reason,
            prompt_tokens=len(tokens),
            output_tokens=len(answer.pieces),
            reused_tokens=answer.reused,
            prefill_s=answer.prefill_s,
            engine_prompt_ms=answer.prompt_ms,
            engine_prompt_tokens=answer.prompt_tokens,
            engine_decode_ms=answer.decode_ms,
            engine_decode_tokens=answer.decode_tokens,
        )

    def _tokens(self, request: dict[str, Any]) -> Any:
        try:
            return tokenise(self._engine.template, self._engine.vocab, request["prompt"], request["messages"])
        except Refused as error:
            if request["case"]:
                raise _Unasked(str(error)) from error
            raise

    @contextlib.contextmanager
    def _limited(self, request: dict[str, Any], t: float) -> Iterator[None]:
        """The time limit of a request that began at `t`: between two tokens, and within a native call."""
        if request["time_limit_s"] is None:
            yield
            return
        self._deadline = t + request["time_limit_s"]
        try:
            with broken_off(self._engine.context, self._deadline - self._wire.now()):
                yield
        finally:
            self._deadline = float("inf")

    def _checked(self, request: dict[str, Any]) -> bool:
        """Whether a beginning may be kept. Emits `prefix_checked` the first time that it matters.

        The answer before this one was computed from an empty cache. It is computed once more, told to nobody, with as
        much of its prompt kept as the next one shares with it: where its tokens, or the first of many, differ, nothing
        is kept in this child.
        """
        if self._cache.checked or self._last is None:
            return self._cache.checked and self._cache.reusable
        earlier, tokens, cold = self._last
        following = self._tokens(request)
        shared = min(self._cache.shared(following), len(tokens) - 1)
        if shared < CHECKED_SHARE * len(following):
            return False
        kept = self._cache.keep(shared)
        most = min(CHECKED_TOKENS, earlier["max_tokens"] or self._settings["max_tokens"])
        warm = self._computed({**earlier, "max_tokens": most}, tokens, kept, aloud=False) if kept else cold
        if warm.stop_reason in ("stopped", "time_limit"):
            return False
        same = kept > 0 and warm.tokens == cold.tokens[:most]
        self._cache.checked, self._cache.reusable = True, same
        reason = (ALIKE if same else OTHERWISE).format(min(most, len(cold.tokens))) if kept else CANNOT_CUT
        names = {"request": earlier["id"], "reused_tokens": shared, "same": same}
        self._wire.send("prefix_checked", self._wire.now(), **names, reason=reason)
        return same

    def _computed(self, request: dict[str, Any], tokens: Any, kept: int, *, aloud: bool) -> _Answer:
        """The answer to a prompt whose first `kept` tokens are in the KV cache.

        A prompt that leaves no room for an answer is over at once with `context_full` and no token, never cut: in an
        eval one case fails by it, not the run.
        """
        answer = _Answer(reused=kept)
        if len(tokens) >= self._n_ctx:
            answer.stop_reason = "context_full"
            return answer
        C.llama_perf_context_reset(self._engine.context)
        if self._prefill(tokens, answer):
            if aloud:
                done = {"prompt_tokens": len(tokens), "prefill_s": answer.prefill_s, "reused_tokens": answer.reused}
                self._wire.send("prefilled", self._wire.now(), request=request["id"], **done)
            self._write(request, answer, aloud=aloud)
        return answer

    def _prefill(self, tokens: Any, answer: _Answer) -> bool:
        """What is not kept of the prompt, `n_batch` tokens a call. False where it was cut short."""
        context, width = self._engine.context, ctypes.sizeof(C.llama_token)
        began = time.perf_counter()
        for start in range(answer.reused, len(tokens), self._n_batch):
            if self._interrupted(answer):
                return False
            count = min(self._n_batch, len(tokens) - start)
            piece = (C.llama_token * count).from_buffer(tokens, start * width)
            if stop := _decode(context, C.llama_batch_get_one(piece, count)):
                answer.stop_reason = stop
                return False
            self._cache.held += piece
            self._state.progress += 1
        C.llama_synchronize(context)
        answer.prefill_s = round(time.perf_counter() - began, 6)
        batch_ms, batched, single_ms, single = _counters(context)
        answer.prompt_ms, answer.prompt_tokens = batch_ms + single_ms, batched + single
        return True

    def _write(self, request: dict[str, Any], answer: _Answer, *, aloud: bool) -> None:
        """Samples and decodes in turn. The token that ends the answer is neither written nor counted."""
        if not request["warmup"]:
            self._state.phase = "decode"
        wire, context, held = self._wire, self._engine.context, self._cache.held
        last = (C.llama_token * 1)()
        batch = C.llama_batch_get_one(last, 1)
        most = request["max_tokens"] or self._settings["max_tokens"]
        self._sampler.fresh()
        self._collapse.begin()
        if aloud:
            wire.begin(request["id"])
        for index in range(most):
            last[0] = token = self._sampler.next()
            t = wire.now()
            piece = self._piece(token)
            if piece is None:
                answer.stop_reason = "eos"
                break
            answer.tokens.append(token)
            answer.pieces.append(piece)
            if aloud:
                wire.token(t, piece)
                self._collapse.token(t)
            self._state.progress += 1
            if index + 1 == most or self._interrupted(answer):
                break
            if stop := "context_full" if len(held) >= self._n_ctx else _decode(context, batch):
                answer.stop_reason = stop
                break
            held.append(token)
        _, _, answer.decode_ms, answer.decode_tokens = _counters(context)

    def _interrupted(self, answer: _Answer) -> bool:
        if self._state.stopping:
            answer.stop_reason = "stopped"
        elif self._wire.now() > min(self._state.deadline, self._deadline):
            answer.stop_reason = "time_limit"
        else:
            return False
        return True

    def _piece(self, token: int) -> bytes | None:
        """The bytes of one token, none for a control token; None for one that ends the answer."""
        if token not in self._known:
            ends = C.llama_vocab_is_eog(self._engine.vocab, token)
            self._known[token] = None if ends else self._bytes(token)
        return self._known[token]

    def _bytes(self, token: int) -> bytes:
        size = C.llama_token_to_piece(self._engine.vocab, token, self._buffer, len(self._buffer), 0, False)
        if size < 0:
            self._buffer = ctypes.create_string_buffer(-size)
            return self._bytes(token)
        return self._buffer.raw[:size]
