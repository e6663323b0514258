"""Options of the engine against each other, in turns: what pays is kept, what does not is written down here.

    python bench/options.py [ROUNDS] [--threads 1]

One child an option, alive through all rounds; in each round every option answers one prompt of 512 tokens with 96
tokens from an empty cache, and who goes first moves on by one. Prefill and decode in tokens/s, medians, and the median
of the ratios to the default (f16, no flash attention, batches and micro-batches of 512) in the same round. Sampling:
llama.cpp's greedy sampler against ours on the same logits, in microseconds a token behind a decode of a real model.

Kept: our own greedy choice (child_sample.py), one line of JSON put together by hand for a token (child_wire.py), prefix
reuse as a setting (bench/server.py measures it). Did not pay: flash attention
(decode 0.6 of the default's on x86-64), KV cache in q8_0 (0.8 to 0.9, for half of the memory), smaller batches (0.96).
Micro-batches of 128 or 256 were no slower and need less memory, but change answers; all of these stay settings, with
llama.cpp's plain default.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from bare import Bare, child, launch_of, prompt_of, rate, token_times

from weighbridge.domain.proof.settings import Request, RuntimeSettings
from weighbridge.services import bundled

DEFAULT = "default"
OPTIONS: dict[str, dict[str, Any]] = {
    DEFAULT: {},
    "flash attention": {"flash_attn": "on"},
    "KV q8_0": {"kv_type": "q8_0"},
    "micro-batch 256": {"n_ubatch": 256},
    "micro-batch 128": {"n_ubatch": 128},
    "batch 128": {"n_batch": 128},
    "flash, micro-batch 128": {"flash_attn": "on", "n_ubatch": 128},
}
PROMPT, TOKENS = 512, 96
Pair = tuple[float, float]


def measured(bare: Bare, prompt: str) -> Pair:
    """Prefill and decode, tokens per second."""
    events = bare.ask(Request(id="r", prompt=prompt))
    return PROMPT / events[-1]["prefill_s"], rate(token_times(events))


def options(rounds: int, threads: int, folder: Path) -> None:
    found: dict[str, list[Pair]] = {name: [] for name in OPTIONS}
    with ExitStack() as alive:
        children = {
            name: alive.enter_context(
                child(launch_of(folder, n_threads=threads, n_ctx=1024, max_tokens=TOKENS, **changes))
            )
            for name, changes in OPTIONS.items()
        }
        prompt = prompt_of(children[DEFAULT], PROMPT)
        names = list(OPTIONS)
        for number in range(rounds):
            start = number % len(names)
            for name in names[start:] + names[:start]:
                found[name].append(measured(children[name], prompt))
    for name, pairs in found.items():
        shown = []
        for at, phase in enumerate(("prefill", "decode")):
            ratios = sorted(own[at] / base[at] for own, base in zip(pairs, found[DEFAULT], strict=True))
            middle = median(pair[at] for pair in pairs)
            shown.append(f"{phase} {middle:6.1f}, ratio {median(ratios):.2f} ({ratios[0]:.2f}-{ratios[-1]:.2f})")
        print(f"{name:24}{'; '.join(shown)}", flush=True)


def sampling(rounds: int) -> None:
    """Both on the same logits, right behind a decode, when nothing of them is in a cache."""
    import llama_cpp.llama_cpp as C

    from weighbridge.services.engine import child_llama
    from weighbridge.services.engine.child_log import EngineLog
    from weighbridge.services.engine.child_prompt import tokenise
    from weighbridge.services.engine.child_sample import Sampler
    from weighbridge.services.engine.child_wire import State

    silent = C.llama_log_callback(lambda level, text, data: None)
    C.llama_log_set(silent, None)
    C.llama_backend_init()
    settings = RuntimeSettings(n_threads=1, n_ctx=1024).model_dump()
    engine = child_llama.load(str(bundled.find().path), "safe", settings, State(), EngineLog(hidden=()))
    tokens = tokenise(engine.template, engine.vocab, "Tell a long story about a ferry.")
    C.llama_decode(engine.context, C.llama_batch_get_one(tokens, len(tokens)))
    sampler = Sampler(engine.context, C.llama_vocab_n_tokens(engine.vocab), 0.0, 1)
    chain = C.llama_sampler_chain_init(C.llama_sampler_chain_default_params())
    C.llama_sampler_chain_add(chain, C.llama_sampler_init_greedy())
    ways: dict[str, Callable[[], int]] = {
        "llama.cpp": lambda: int(C.llama_sampler_sample(chain, engine.context, -1)),
        "ours": sampler.next,
    }
    took: dict[str, list[float]] = {name: [] for name in ways}
    last = (C.llama_token * 1)()
    for number in range(rounds * 20):
        name = list(ways)[number % 2]
        began = time.perf_counter()
        last[0] = ways[name]()
        took[name].append((time.perf_counter() - began) * 1e6)
        assert {way() for way in ways.values()} == {last[0]}, "both take the same token"
        C.llama_decode(engine.context, C.llama_batch_get_one(last, 1))
    for name, times in took.items():
        print(f"sampling, {name:14}{median(times):7.0f} us a token ({min(times):.0f}-{max(times):.0f})", flush=True)
    C.llama_sampler_free(chain)
    sampler.close()
    engine.close()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("rounds", type=int, nargs="?", default=10)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    sampling(min(given.rounds, 10))
    with tempfile.TemporaryDirectory() as folder:
        options(given.rounds, given.threads, Path(folder))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
