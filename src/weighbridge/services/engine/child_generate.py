"""One request: the prompt in, one event for each token out, with times taken where the token appears."""

from __future__ import annotations

import codecs
import ctypes
import time
from dataclasses import dataclass, field
from typing import Any

import llama_cpp.llama_cpp as C

from weighbridge.domain.text import clean_line
from weighbridge.services.engine.child_llama import Engine, Refused, token_text
from weighbridge.services.engine.child_wire import State, Wire


@dataclass
class _Answer:
    """What has come of a request so far."""

    stop_reason: str = "max_tokens"
    pieces: list[str] = field(default_factory=list)
    prefill_s: float = 0.0
    prompt_ms: float = 0.0
    prompt_tokens: int = 0
    decode_ms: float = 0.0
    decode_tokens: int = 0


def tokenise(engine: Engine, prompt: str) -> Any:
    """Prompt tokens (a ctypes array): the prompt in the file's chat template, or raw where it has none.

    The beginning-of-sequence token comes from the vocabulary's own rule unless the template wrote it already.
    Raises Refused where the template does not accept the prompt, or nothing is left to compute.
    """
    text = prompt
    if engine.template is not None:
        try:
            text = engine.template(messages=[{"role": "user", "content": prompt}]).prompt
        except Exception as error:
            raise Refused(f"The chat template fails on the prompt: {clean_line(repr(error), 120)}.") from error
    bos = token_text(engine.vocab, C.llama_vocab_bos(engine.vocab))
    add_special = not (bos and text.startswith(bos))
    raw = text.encode("utf-8", "replace")
    needed = -C.llama_tokenize(engine.vocab, raw, len(raw), None, 0, add_special, True)
    if needed <= 0:
        raise Refused("The prompt has no tokens.")
    tokens = (C.llama_token * needed)()
    C.llama_tokenize(engine.vocab, raw, len(raw), tokens, needed, add_special, True)
    return tokens


def _sampler(temperature: float, seed: int) -> Any:
    """A fresh chain for every request, so that the seed means the same for each."""
    chain = C.llama_sampler_chain_init(C.llama_sampler_chain_default_params())
    if temperature == 0:
        C.llama_sampler_chain_add(chain, C.llama_sampler_init_greedy())
    else:
        C.llama_sampler_chain_add(chain, C.llama_sampler_init_temp(temperature))
        C.llama_sampler_chain_add(chain, C.llama_sampler_init_dist(seed))
    return chain


def _decode(context: Any, tokens: Any, count: int) -> bool:
    """Computes `count` tokens; False where the context has no room. Raises Refused on any other answer."""
    code = C.llama_decode(context, C.llama_batch_get_one(tokens, count))
    if code not in (0, 1):
        raise Refused(f"The engine gave up on a batch of {count} tokens (llama_decode returned {code}).")
    return bool(code == 0)


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

    def __init__(self, engine: Engine, settings: dict[str, Any], wire: Wire, state: State) -> None:
        self._engine = engine
        self._settings = settings
        self._wire = wire
        self._state = state
        self._n_ctx = C.llama_n_ctx(engine.context)
        self._n_batch = C.llama_n_batch(engine.context)
        self._buffer = ctypes.create_string_buffer(256)

    def answer(self, request: dict[str, Any]) -> None:
        """Emits `request`, `prefilled`, `token`..., `completed`.

        Every request starts with an empty KV cache. A prompt that leaves no room for an answer is completed
        at once with `context_full` and no token: in an eval one case fails by it, not the run.
        """
        self._state.phase = "warm-up" if request["warmup"] else "prefill"
        C.llama_memory_clear(C.llama_get_memory(self._engine.context), True)
        C.llama_perf_context_reset(self._engine.context)
        t = self._wire.now()
        tokens = tokenise(self._engine, request["prompt"])
        names = {"request": request["id"], "case": request["case"], "warmup": request["warmup"]}
        self._wire.send("request", t, **names, prompt=request["prompt"], prompt_tokens=len(tokens))
        answer = _Answer()
        if len(tokens) >= self._n_ctx:
            answer.stop_reason = "context_full"
        elif self._prefill(tokens, answer):
            done = {"request": request["id"], "prompt_tokens": len(tokens), "prefill_s": answer.prefill_s}
            self._wire.send("prefilled", self._wire.now(), **done)
            self._write(request, len(tokens), answer)
        self._wire.send(
            "completed",
            self._wire.now(),
            **names,
            output="".join(answer.pieces),
            stop_reason=answer.stop_reason,
            prompt_tokens=len(tokens),
            output_tokens=len(answer.pieces),
            prefill_s=answer.prefill_s,
            engine_prompt_ms=answer.prompt_ms,
            engine_prompt_tokens=answer.prompt_tokens,
            engine_decode_ms=answer.decode_ms,
            engine_decode_tokens=answer.decode_tokens,
        )

    def _prefill(self, tokens: Any, answer: _Answer) -> bool:
        """The prompt, `n_batch` tokens a call. False where it was cut short."""
        context, width = self._engine.context, ctypes.sizeof(C.llama_token)
        began = time.perf_counter()
        for start in range(0, len(tokens), self._n_batch):
            if self._interrupted(answer):
                return False
            count = min(self._n_batch, len(tokens) - start)
            piece = (C.llama_token * count).from_buffer(tokens, start * width)
            if not _decode(context, piece, count):
                answer.stop_reason = "context_full"
                return False
            self._state.progress += 1
        C.llama_synchronize(context)
        answer.prefill_s = round(time.perf_counter() - began, 6)
        batch_ms, batched, single_ms, single = _counters(context)
        answer.prompt_ms, answer.prompt_tokens = batch_ms + single_ms, batched + single
        return True

    def _write(self, request: dict[str, Any], n_past: int, answer: _Answer) -> None:
        """Samples and decodes in turn. The token that ends the answer is neither written nor counted."""
        if not request["warmup"]:
            self._state.phase = "decode"
        wire, context, vocab = self._wire, self._engine.context, self._engine.vocab
        text = codecs.getincrementaldecoder("utf-8")("replace")
        last = (C.llama_token * 1)()
        most = request["max_tokens"] or self._settings["max_tokens"]
        chain = _sampler(self._settings["temperature"], self._settings["seed"])
        for index in range(most):
            last[0] = token = C.llama_sampler_sample(chain, context, -1)
            t = wire.now()
            if C.llama_vocab_is_eog(vocab, token):
                answer.stop_reason = "eos"
                break
            answer.pieces.append(text.decode(self._piece(token)))
            wire.send("token", t, request=request["id"], index=index, text=answer.pieces[-1])
            self._state.progress += 1
            if index + 1 == most or self._interrupted(answer):
                break
            if n_past + index >= self._n_ctx or not _decode(context, last, 1):
                answer.stop_reason = "context_full"
                break
        C.llama_sampler_free(chain)
        if answer.pieces:
            answer.pieces[-1] += text.decode(b"", final=True)
        _, _, answer.decode_ms, answer.decode_tokens = _counters(context)

    def _interrupted(self, answer: _Answer) -> bool:
        if self._state.stopping:
            answer.stop_reason = "stopped"
        elif self._wire.now() > self._state.deadline:
            answer.stop_reason = "time_limit"
        else:
            return False
        return True

    def _piece(self, token: int) -> bytes:
        """The bytes of one token; control tokens have none."""
        size = C.llama_token_to_piece(self._engine.vocab, token, self._buffer, len(self._buffer), 0, False)
        if size < 0:
            self._buffer = ctypes.create_string_buffer(-size)
            return self._piece(token)
        return self._buffer.raw[:size]
