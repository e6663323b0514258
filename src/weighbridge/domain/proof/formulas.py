"""What each figure means, printed wherever figures are."""

from __future__ import annotations

FORMULAS = {
    "load_s": "time of loading weights and making the context, by the child's own clock",
    "ttft_s": "time of the first non-empty text - time the prompt was handed over; cold prompts only",
    "ttft_reused_s": "as ttft_s, of prompts that kept a part of the KV cache from the one before",
    "prefill_tokens_per_s": "prompt tokens / time of the prompt's decode calls; cold prompts only",
    "itl_*_s": "time between two consecutive tokens of one answer, the first token left out; of a server between two "
    "pieces of text as they arrived, each of one token or more",
    "decode_tokens_per_s": "(output tokens - 1) / (time of the last token - time of the first token); of a server its "
    "own count of tokens over our times of its first and last piece of text",
    "total_s": "time the answer was complete - time the prompt was handed over",
    "engine_prefill_tokens_per_s": "llama_perf_context: n_p_eval / t_p_eval_ms * 1000; cold prompts only; of a server "
    "by the counts and times that it told",
    "engine_decode_tokens_per_s": "llama_perf_context: n_eval / t_eval_ms * 1000: decode calls alone, without "
    "sampling; of a server by the counts and times that it told",
    "disagreements": "where our rates and the engine's are more than 5 % apart, over answers of at least 16 tokens",
    "spreads": "number of values, median, least, largest; p95 (nearest rank) from 59 values on; below 6 every value",
    "unstable": "prompts whose repeats gave other texts at temperature 0; the warm-up is never counted",
    "uss_bytes, pss_bytes": "the newest reading of the system",
    "swap_bytes": "the largest reading of the system",
    "minor_faults, major_faults, cpu_s": "of the child from its start to the newest reading; of a server that was "
    "there before the job, from the first reading of the job on",
    "peak_rss_bytes": "the system's high-water mark of the child; of a server that was there before the job, the "
    "largest reading while the job ran",
    "server": "as the server or its host told while the job ran, never mixed with what was measured here; the largest "
    "values for memory and load",
    "sampler_percent": "processor time that sampling took / time from the start of the child to the newest sample, "
    "of a second at least",
}
