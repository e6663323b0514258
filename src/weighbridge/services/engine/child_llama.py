"""llama.cpp through its low-level interface: loading a file and taking it apart again.

The high-level `Llama` hides what a proof is about: its chunks are not tokens, it ignores settings that it
does not know, and it redirects standard output and error of the whole process.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
from dataclasses import dataclass
from typing import Any

import llama_cpp.llama_cpp as C
from llama_cpp.llama_chat_format import Jinja2ChatFormatter

from weighbridge.domain.model.gpu_build import refusal
from weighbridge.domain.text import clean_line
from weighbridge.services.engine.child_log import EngineLog, read_buffers, read_offload
from weighbridge.services.engine.child_prompt import formatter
from weighbridge.services.engine.child_wire import Refused, State

_GGML_TYPES = {"f16": 1, "q8_0": 8}
"""RuntimeSettings.kv_type to enum ggml_type of ggml.h."""
_GGML_NAMES = {number: name for name, number in _GGML_TYPES.items()}


def model_params(mode: str, n_gpu_layers: int = 0) -> Any:
    """llama_model_params; mode "safe" leaves the weights in the file's own layout. Layers on a GPU: -1 for all.

    Raises Refused where this build has no such switch (ctypes takes a field that is not there in silence), and where
    it cannot put layers on a GPU: llama.cpp would load all of them into main memory, and say nothing.
    """
    if n_gpu_layers and not C.llama_supports_gpu_offload():
        raise Refused(refusal(platform.system(), platform.machine()))
    params = C.llama_model_default_params()
    if not hasattr(type(params), "use_extra_bufts"):
        raise Refused("This llama-cpp-python has no setting use_extra_bufts, so safe mode cannot be had.")
    params.use_extra_bufts = mode != "safe"
    params.n_gpu_layers = n_gpu_layers
    params.load_mode = C.LLAMA_LOAD_MODE_MMAP if C.llama_supports_mmap() else C.LLAMA_LOAD_MODE_NONE
    return params


def context_params(settings: dict[str, Any]) -> Any:
    """llama_context_params for one sequence; `settings` are those of RuntimeSettings.

    llama.cpp takes a quantized cache of values with flash attention only; elsewhere that stays off, as both together
    took 1.7 times as long for a prompt of 2,000 tokens. Logits are asked for the last token alone (n_outputs_max): the
    compute buffer then has no row of the vocabulary for every token of a batch. Raises Refused where this build cannot
    be told so: ctypes takes a field that is not there in silence.
    """
    params = C.llama_context_default_params()
    if not hasattr(type(params), "n_outputs_max"):
        raise Refused("This llama-cpp-python has no setting n_outputs_max, so the forecast would not describe the run.")
    params.n_outputs_max = 1
    params.n_ctx = settings["n_ctx"]
    params.n_batch = settings["n_batch"]
    params.n_ubatch = min(settings["n_batch"], settings["n_ubatch"])
    params.n_threads = settings["n_threads"] or 1
    params.n_threads_batch = settings["n_threads_batch"] or params.n_threads
    quantized = settings["kv_type"] != "f16"
    flash = settings["flash_attn"] == "on" or (settings["flash_attn"] == "auto" and quantized)
    params.flash_attn_type = C.LLAMA_FLASH_ATTN_TYPE_ENABLED if flash else C.LLAMA_FLASH_ATTN_TYPE_DISABLED
    params.type_k = params.type_v = _GGML_TYPES[settings["kv_type"]]
    params.offload_kqv = params.op_offload = gpu_layers(settings) != 0
    params.no_perf = False
    return params


def gpu_layers(settings: dict[str, Any]) -> int:
    """Layers that are wished on a GPU; settings without a word of them wish none."""
    return int(settings.get("n_gpu_layers", 0))


@dataclass(frozen=True)
class Engine:
    """A loaded model with its context. `keep` holds the callbacks that native code still points to."""

    model: Any
    context: Any
    vocab: Any
    template: Jinja2ChatFormatter | None
    template_sha256: str | None
    params: Any
    """llama_model_params as it was loaded with."""
    context_params: Any
    """llama_context_params as the context was made with."""
    keep: tuple[Any, ...]

    def close(self) -> None:
        """Frees context and model: nothing of them stays in memory."""
        C.llama_free(self.context)
        C.llama_model_free(self.model)


def catch_log(log: EngineLog) -> Any:
    """Sends the engine's log to `log`. Keep the result as long as the engine is in use."""
    callback = C.llama_log_callback(lambda level, text, _: log.receive(level, text))
    C.llama_log_set(callback, None)
    return callback


def load(path: str, mode: str, settings: dict[str, Any], state: State, log: EngineLog) -> Engine:
    """Model and context from a GGUF file. Raises Refused; a hostile file may abort the process instead."""

    def on_progress(_share: float, _data: object) -> bool:
        state.progress += 1
        return not state.stopping

    params = model_params(mode, gpu_layers(settings))
    params.progress_callback = progress = C.llama_progress_callback(on_progress)
    model = load_model(path, params, log)
    state.progress += 1
    wanted = context_params(settings)
    context = make_context(model, wanted, log)
    vocab = C.llama_model_get_vocab(model)
    template = C.llama_model_chat_template(model, None)
    return Engine(
        model=model,
        context=context,
        vocab=vocab,
        template=formatter(template, vocab) if template else None,
        template_sha256=hashlib.sha256(template).hexdigest() if template else None,
        params=params,
        context_params=wanted,
        keep=(progress,),
    )


def load_model(path: str, params: Any, log: EngineLog) -> Any:
    """The model of a file. Raises Refused where it does not load, or does not write text token by token."""
    model = C.llama_model_load_from_file(os.fsencode(path), params)
    if not model:
        raise Refused(f"The engine cannot load the file: {log.reason()}.")
    if C.llama_model_has_encoder(model) or not C.llama_model_has_decoder(model):
        raise Refused("The model has an encoder: only models that write text token by token are run.")
    return model


def make_context(model: Any, params: Any, log: EngineLog) -> Any:
    """A context with a memory of earlier tokens. Raises Refused where there is none to be had."""
    context = C.llama_init_from_model(model, params)
    if not context:
        raise Refused(f"The engine cannot make a context: {log.reason()}.")
    if not C.llama_get_memory(context):
        raise Refused("The model keeps no memory of earlier tokens, so it writes no text.")
    return context


def describe(engine: Engine, log: EngineLog) -> dict[str, Any]:
    """What `loaded` says of the engine, asked of the engine itself."""
    name = ctypes.create_string_buffer(256)
    C.llama_model_desc(engine.model, name, len(name))
    buffers = read_buffers(log.text)
    return {
        "description": clean_line(name.value.decode("utf-8", "replace")),
        "weights_bytes": C.llama_model_size(engine.model),
        "n_params": C.llama_model_n_params(engine.model),
        "n_vocab": C.llama_vocab_n_tokens(engine.vocab),
        "n_ctx_train": C.llama_model_n_ctx_train(engine.model),
        "n_ctx": C.llama_n_ctx(engine.context),
        "n_batch": C.llama_n_batch(engine.context),
        "n_ubatch": C.llama_n_ubatch(engine.context),
        "n_threads": C.llama_n_threads(engine.context),
        "n_threads_batch": C.llama_n_threads_batch(engine.context),
        "model_buffer_bytes": buffers.model,
        "repack_buffer_bytes": buffers.repack,
        "kv_buffer_bytes": buffers.kv,
        "compute_buffer_bytes": buffers.compute,
        "output_buffer_bytes": buffers.output,
        "flash_attn": C.llama_flash_attn_type_name(engine.context_params.flash_attn_type).decode(),
        "type_k": _GGML_NAMES[engine.context_params.type_k],
        "type_v": _GGML_NAMES[engine.context_params.type_v],
        "use_extra_bufts": bool(engine.params.use_extra_bufts),
        "load_mode": C.llama_load_mode_name(engine.params.load_mode).decode(),
        "chat_template_sha256": engine.template_sha256,
        **({"offload": read_offload(log.text)} if engine.params.n_gpu_layers else {}),
    }
