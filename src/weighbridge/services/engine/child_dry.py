"""A load without weights: `python -m weighbridge.services.engine.child_dry`.

The engine itself says what a run will allocate. It gets a sparse file, the header of the model and nothing behind
it, and is told to allocate nothing (no_alloc); every other setting is that of the real run. A header can make
llama.cpp abort, hence a process of its own, without the event wire of a run: one question, one answer.

Standard input: one JSON line with the launch, then one line for each context to be asked. Standard output: one
line with the model, then one for each context; a line with `refused` (by the engine) or `failed`, a sentence each,
ends it. Standard error: the engine's log. The end of standard input ends the process.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from weighbridge.domain.text import clean_line
from weighbridge.services.engine.child_guard import die_with_parent, limit_resources, resident_bytes
from weighbridge.services.engine.child_log import EngineLog, read_buffers, says_repacked
from weighbridge.services.engine.child_wire import EXIT_ORPHAN, EXIT_REFUSED, EXIT_UNLOADED, encode


def answer(launch: dict[str, Any], log: EngineLog, out: int) -> None:
    """Loads the header, then answers for every context that is asked. Raises child_llama.Refused."""
    from llama_cpp import llama_cpp as native

    from weighbridge.services.engine import child_llama

    keep = child_llama.catch_log(log)
    native.llama_backend_init()
    params = child_llama.model_params(launch["mode"])
    params.no_alloc, params.load_mode = True, native.LLAMA_LOAD_MODE_NONE
    process = resident_bytes()
    model = child_llama.load_model(launch["model_path"], params, log)
    _say(out, weights_bytes=native.llama_model_size(model), process_bytes=process, repacks=says_repacked(log.text))
    for line in sys.stdin.buffer:
        settings = {**launch["settings"], "n_ctx": json.loads(line)["n_ctx"]}
        start = len(log.text)
        context = child_llama.make_context(model, child_llama.context_params(settings), log)
        sizes = read_buffers(log.text[start:])
        if sizes.kv is None or sizes.compute is None or sizes.output is None:
            raise ValueError("The engine's log does not tell the size of its buffers.")
        _say(
            out,
            n_ctx=settings["n_ctx"],
            kv_bytes=sizes.kv,
            compute_bytes=sizes.compute,
            output_bytes=sizes.output,
            resident_bytes=resident_bytes(),
        )
        native.llama_free(context)
    native.llama_model_free(model)
    del keep


def _say(out: int, **fields: Any) -> None:
    os.write(out, encode(fields))


def main() -> None:
    """Moves standard output out of the engine's reach, reads the launch line, never returns."""
    out = os.dup(1)
    os.dup2(2, 1)
    launch = json.loads(sys.stdin.buffer.readline() or b"null")
    if launch is None or not die_with_parent(launch["parent"]):
        os._exit(EXIT_ORPHAN)
    limit_resources(launch["address_space_bytes"])
    log = EngineLog(hidden=((os.path.dirname(launch["model_path"]) + os.sep, ""),))
    try:
        answer(launch, log, out)
    except Exception as error:
        if type(error).__name__ == "Refused":
            _say(out, refused=clean_line(str(error), 400))
        else:
            _say(out, failed=clean_line(f"The dry load failed: {error}", 400))
        os._exit(EXIT_REFUSED)
    os._exit(EXIT_UNLOADED)


if __name__ == "__main__":
    main()
