"""llama-cpp-python as its README shows it: `Llama(model_path=...)` and a streamed chat completion, else by default.

`python bench/readme_way.py MODEL PROMPT TOKENS SECONDS` prints one JSON object: `tokens` decoded after the first, as
the engine counts them, and `seconds` from the first to the last piece of text. An answer is left after TOKENS tokens
or SECONDS.

On a processor with AMX the default build faults at its first token. There, and only there, the weights are left in the
file's own layout by a patch of the default parameters, which is what safe mode of weighbridge does.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

import llama_cpp.llama_cpp as C
from bare import mode_here
from llama_cpp import Llama


def leave_the_layout() -> None:
    """`Llama` looks the function up at the time of the call."""
    original = C.llama_model_default_params

    def params() -> Any:
        made = original()
        made.use_extra_bufts = False
        return made

    C.llama_model_default_params = params


def answer(llm: Llama, prompt: str, tokens: int, seconds: float) -> tuple[int, float]:
    """Tokens decoded after the first, and the seconds between the first and the last piece of text."""
    llm.reset()
    times: list[float] = []
    C.llama_perf_context_reset(llm.ctx)
    pieces: Any = llm.create_chat_completion(
        messages=[{"role": "user", "content": prompt}], stream=True, max_tokens=tokens, temperature=0.0
    )
    for piece in pieces:
        if piece["choices"][0]["delta"].get("content"):
            times.append(time.perf_counter())
            if times[-1] - times[0] > seconds:
                break
    return C.llama_perf_context(llm.ctx).n_eval, times[-1] - times[0]


def main(model: str, prompt: str, tokens: int, seconds: float) -> None:
    out = os.fdopen(os.dup(1), "w")
    if mode_here() == "safe":
        leave_the_layout()
    llm = Llama(model_path=model, verbose=False)
    answer(llm, prompt, 4, seconds)
    decoded, took = answer(llm, prompt, tokens, seconds)
    print(json.dumps({"tokens": decoded, "seconds": took, "threads": llm.n_threads}), file=out, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
