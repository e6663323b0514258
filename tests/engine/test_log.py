"""The engine's log is read for its buffer sizes, and written down without this machine's folders."""

from __future__ import annotations

import pytest

from weighbridge.services.engine.child_log import EngineLog, read_buffers

MIB = 1024 * 1024
PLAIN = """\
load_tensors:   CPU_Mapped model buffer size =    92.10 MiB
llama_context:        CPU  output buffer size =     0.19 MiB
llama_kv_cache:        CPU KV buffer size =    45.00 MiB
llama_kv_cache: size =   45.00 MiB (  2048 cells,  30 layers,  1/1 seqs), K (f16):   22.50 MiB, V (f16):   22.50 MiB
sched_reserve:        CPU compute buffer size =    99.38 MiB
"""
REPACKED = "load_tensors:          AMX model buffer size =    95.34 MiB\n" + PLAIN
SLIDING = """\
llama_kv_cache: size =   12.00 MiB (  4096 cells,   3 layers,  1/1 seqs), K (f16):    6.00 MiB, V (f16):    6.00 MiB
llama_kv_cache: size =   60.00 MiB (  4096 cells,  15 layers,  1/1 seqs), K (f16):   30.00 MiB, V (f16):   30.00 MiB
"""


def test_a_plain_load() -> None:
    found = read_buffers(PLAIN)
    assert (found.model, found.repack) == (round(92.10 * MIB), None)
    assert (found.kv, found.compute, found.output) == (45 * MIB, round(99.38 * MIB), round(0.19 * MIB))


@pytest.mark.parametrize("name", ["AMX", "CPU_REPACK", "CPU_KLEIDIAI", "CPU_AARCH64"])
def test_weights_in_another_layout_are_counted_apart(name: str) -> None:
    found = read_buffers(REPACKED.replace("AMX", name))
    assert (found.model, found.repack) == (round(92.10 * MIB), round(95.34 * MIB))


def test_two_caches_add_up() -> None:
    assert read_buffers(SLIDING).kv == 72 * MIB


def test_a_buffer_reserved_anew_counts_once() -> None:
    again = PLAIN + "sched_reserve:        CPU compute buffer size =    40.00 MiB\n"
    assert read_buffers(again).compute == 40 * MIB


def test_what_is_not_said_stays_unknown() -> None:
    found = read_buffers("load_tensors: something else\n")
    assert (found.model, found.repack, found.kv, found.compute, found.output) == (None,) * 5


def test_debug_lines_and_folders_are_left_out(capfd: pytest.CaptureFixture[str]) -> None:
    log = EngineLog(hidden=(("/home/me/models/", ""), ("/home/me", "~")))
    for level, piece in (
        (2, b"loading /home/me/models/a.gguf"),
        (5, b" and more\n"),
        (1, b"secret detail\n"),
        (5, b"of the detail\n"),
        (4, b"cannot read /home/me/x \xff\n"),
        (2, b"...\n"),
    ):
        log.receive(level, piece)
    assert log.text == "loading a.gguf and more\ncannot read ~/x \ufffd\n...\n"
    assert log.last_line() == "cannot read ~/x \ufffd"
    assert capfd.readouterr().err == log.text


def test_the_reason_is_the_first_error_without_function_names(capfd: pytest.CaptureFixture[str]) -> None:
    log = EngineLog(hidden=())
    assert log.reason() == "it gives no reason"
    for piece in (
        b"llama_model_load: error loading model: check_tensor_dims: tensor 'blk.30.attn_norm.weight'",
        b" not found\n",
        b"llama_model_load_from_file_impl: failed to load model\n",
    ):
        log.receive(4 if piece[0] != 32 else 5, piece)
    assert log.reason() == "tensor 'blk.30.attn_norm.weight' not found"
    assert capfd.readouterr().err == log.text
