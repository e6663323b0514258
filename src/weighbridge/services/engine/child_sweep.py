"""The child's threads: fixed, remembered, or measured by a short sweep with the loaded model.

The sweep decodes tokens and prompts that nobody sees, with one thread count after the other in turns, and leaves no
trace: KV cache and counters are empty afterwards, and the thread count changes no answer. It is over after `BUDGET_S`
whatever the model: a native call that takes longer is broken off.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import llama_cpp.llama_cpp as C

from weighbridge.domain.proof.thread_rule import (
    Timed,
    busy_cores,
    candidates,
    choose,
    decided,
    finalists,
    is_beyond,
    worths,
)
from weighbridge.services.engine.child_brake import Brake
from weighbridge.services.engine.child_llama import Engine
from weighbridge.services.engine.child_sample import Sampler
from weighbridge.services.engine.child_wire import State, Wire

BUDGET_S = 2.6
"""The whole sweep, decode and prefill; the wall clock of the launch counts too."""
DECODE_SHARE = 0.55
TRIAL_S = 0.08
"""Wished length of a trial; one token or one prompt that takes longer is a trial too."""
ROUNDS = 5
TRIAL_TOKENS = 48
"""Most tokens of a decode trial: the smallest context has room for 64."""
PILOT_TOKENS = 8
"""Prompt that tells how long the prompts of the trials may be."""
PROMPT_TOKENS = 256
"""Longest prompt of a trial."""


@dataclass
class Sweep:
    """Trials of one engine. `cores`: most threads to try. `busy`: cores that others use, if known."""

    engine: Engine
    wire: Wire
    state: State
    brake: Brake
    cores: int
    busy: int | None
    trials: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        context = self.engine.context
        self._n_vocab = C.llama_vocab_n_tokens(self.engine.vocab)
        self._sampler = Sampler(context, self._n_vocab, temperature=0, seed=0)
        self._longest = min(PROMPT_TOKENS, C.llama_n_batch(context), C.llama_n_ubatch(context), C.llama_n_ctx(context))

    def decode(self, limit: float) -> list[Timed]:
        """Single tokens, as an answer is written."""
        counts = candidates(self.cores, self.busy)
        self._timed(counts[0], self._half(limit), self._tokens(1))
        return self._rounds("decode", counts, limit, self._tokens(TRIAL_TOKENS))

    def prefill(self, limit: float) -> list[Timed]:
        """Prompts, as long as a trial may take."""
        counts = candidates(self.cores, self.busy)
        pilot = self._timed(counts[0], self._half(limit), self._prompt(min(PILOT_TOKENS, self._longest)))
        length = int(pilot.tokens * TRIAL_S / pilot.seconds) if pilot.seconds > 0 else 0
        prompt = self._prompt(max(min(PILOT_TOKENS, self._longest), min(self._longest, length)))
        return self._rounds("prefill", counts, limit, prompt)

    def _rounds(self, phase: str, counts: tuple[int, ...], limit: float, work: Callable[[], int]) -> list[Timed]:
        """One trial of every count (as long as they do not get hopeless), then more of the best, in turns."""
        found: list[Timed] = []
        for number in range(ROUNDS):
            for n in counts if number % 2 == 0 else reversed(counts):
                if self._is_over(limit):
                    return found
                if number == 0 and is_beyond(n, found):
                    continue
                found.append(self._timed(n, self._half(limit), work))
                self._tell(phase, found[-1])
            counts = finalists(found)
            if decided(found):
                break
        return found

    def _half(self, limit: float) -> float:
        """When a trial is broken off: it leaves the others half of the time that there is."""
        now = self.wire.now()
        return now + (limit - now) / 2

    def _is_over(self, limit: float) -> bool:
        return self.state.stopping or self.wire.now() > limit - TRIAL_S / 2

    def _timed(self, n: int, limit: float, work: Callable[[], int]) -> Timed:
        """One trial from an empty KV cache."""
        C.llama_memory_clear(C.llama_get_memory(self.engine.context), True)
        C.llama_set_n_threads(self.engine.context, n, n)
        began = time.perf_counter()
        with self.brake.until(limit):
            tokens = work()
        return Timed(n, tokens, time.perf_counter() - began)

    def _tell(self, phase: str, timed: Timed) -> None:
        rate = timed.tokens / timed.seconds if timed.seconds > 0 else 0.0
        t = self.wire.now()
        fields = {
            "phase": phase,
            "n_threads": timed.n_threads,
            "tokens": timed.tokens,
            "seconds": round(timed.seconds, 6),
            "tokens_per_s": round(rate, 3),
        }
        self.wire.send("trial", t, **fields)
        self.trials.append({"t": round(t, 6), **fields})

    def _tokens(self, most: int) -> Callable[[], int]:
        """Writes up to `most` tokens, the likeliest each, for the length of a trial; gives how many."""

        def work() -> int:
            context = self.engine.context
            until = time.perf_counter() + TRIAL_S
            last = (C.llama_token * 1)(1 % self._n_vocab)
            done = 0
            while done < most and not (done and time.perf_counter() > until):
                if C.llama_decode(context, C.llama_batch_get_one(last, 1)) != 0:
                    break
                last[0] = self._sampler.next()
                self.state.progress += 1
                done += 1
            return done

        return work

    def _prompt(self, length: int) -> Callable[[], int]:
        """Computes a prompt of `length` tokens at once; gives the length, or 0 where it was broken off."""
        tokens = (C.llama_token * length)(*((1 + 7 * at) % self._n_vocab for at in range(length)))

        def work() -> int:
            code = C.llama_decode(self.engine.context, C.llama_batch_get_one(tokens, length))
            C.llama_synchronize(self.engine.context)
            self.state.progress += 1
            return length if code == 0 else 0

        return work


def settle(engine: Engine, launch: dict[str, Any], wire: Wire, state: State) -> dict[str, Any]:
    """Sets the threads of the engine, sends `swept` and returns it. With nothing to measure it takes no time."""
    settings, known = launch["settings"], launch["threads"]
    decode, prefill = settings["n_threads"], settings["n_threads_batch"]
    if decode is not None:
        swept = _given("fixed", decode, prefill or decode, "Fixed by the settings.")
    elif known is not None:
        swept = {**known, "how": "remembered"}
    elif launch["usable_cores"] < 2:
        swept = _given("fallback", 1, prefill or 1, "There is one usable core, so nothing was to be measured.")
    else:
        swept = _measured(engine, launch, wire, state)
    C.llama_set_n_threads(engine.context, swept["n_threads"], swept["n_threads_batch"])
    swept.pop("event", None)
    if not state.stopping:
        wire.send("swept", **{**swept, "t": wire.now()})
    return swept


def _given(how: str, decode: int, prefill: int, reason: str) -> dict[str, Any]:
    return {"how": how, "n_threads": decode, "n_threads_batch": prefill, "reason": reason}


def _measured(engine: Engine, launch: dict[str, Any], wire: Wire, state: State) -> dict[str, Any]:
    """The sweep. Without a whole trial of a count, decode takes the guess, and prefill what decode takes.

    It is `measured`, and so remembered, only where all that was to be measured was.
    """
    state.phase = "sweep"
    cores, busy = launch["usable_cores"], busy_cores(launch["others_percent"])
    fixed, guess = launch["settings"]["n_threads_batch"], candidates(cores, busy)[0]
    began = wire.now()
    limit = min(began + BUDGET_S, state.deadline)
    prefilled: list[Timed] = []
    with Brake(engine, wire, state) as brake:
        sweep = Sweep(engine, wire, state, brake, cores, busy)
        decoded = sweep.decode(limit if fixed else began + DECODE_SHARE * (limit - began))
        if fixed is None and not state.stopping:
            prefilled = sweep.prefill(limit)
    C.llama_memory_clear(C.llama_get_memory(engine.context), True)
    C.llama_perf_context_reset(engine.context)
    return {
        **_outcome(decoded, prefilled, fixed, guess),
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "seconds": round(wire.now() - began, 3),
        "load1": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "trials": sweep.trials,
    }


def _outcome(decoded: list[Timed], prefilled: list[Timed], fixed: int | None, guess: int) -> dict[str, Any]:
    """The thread counts that the trials of both phases give."""
    decode, prefill = choose(decoded), fixed or choose(prefilled)
    n_decode = decode or guess
    n_prefill = prefill or n_decode
    parts = [_said("decode", decoded, decode, f"{_threads(guess)} by a guess")]
    other = f"{_threads(n_prefill)} as for decode"
    parts += [f"prefill fixed at {_threads(fixed)}" if fixed else _said("prefill", prefilled, prefill, other)]
    return _given("measured" if decode and prefill else "fallback", n_decode, n_prefill, "; ".join(parts))


def _said(phase: str, trials: list[Timed], chosen: int | None, instead: str) -> str:
    """What came of one phase, for a person. `instead`: what is taken where nothing could be measured."""
    if chosen is None:
        return f"{phase}: no token in time, {instead}"
    rates = worths(trials)
    others = ", ".join(f"{n}: {rates[n]:.1f}" for n in sorted(rates) if n != chosen)
    return f"{phase}: {_threads(chosen)}, {rates[chosen]:.1f} tokens/s ({others or 'nothing else was tried in time'})"


def _threads(n: int) -> str:
    return f"{n} thread{'' if n == 1 else 's'}"
