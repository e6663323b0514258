"""Settings of a plan that a server never hears are named before anything runs, and the run goes on."""

from __future__ import annotations

from pathlib import Path

import pytest
from bad_server import BadServer, models, stream, usage
from endpoint_rig import CHAT, NAME

from weighbridge.cli import main


def test_a_plan_is_told_what_its_server_never_hears(
    bad: BadServer, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    last = [{"choices": [], "usage": usage(30, 2)}]
    bad.on("/v1/models", models(NAME, max_model_len=2048)).on(CHAT, stream("Yes, ", "Paris.", last=last))
    plan = tmp_path / "plan.toml"
    text = '[model]\nuse = "{}"\n[runtime]\nn_ctx = 4096\nkv_type = "q8_0"\nmax_tokens = 24\n'
    plan.write_text(text.format(f"{bad.base_url}#{NAME}"), encoding="utf-8")
    assert main(["run", str(plan), "-o", str(tmp_path / "packet")]) == 0
    said = capfd.readouterr().err
    notice = "n_ctx, kv_type below [runtime] are not sent: the server decides, and the packet says so."
    assert notice in said and said.index(notice) < said.index("attempt 1"), "max_tokens is sent"
