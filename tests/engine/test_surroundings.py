"""What the child gets from its parent, and what its log tells about this machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from engine_rig import Rig

from weighbridge.services.engine.spawn import child_environment

SECRETS = {
    "HF_TOKEN": "hf_secret",
    "HF_HOME": "/somewhere",
    "HTTPS_PROXY": "http://user:secret@proxy",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "HOME": "/home/somebody",
}


def test_the_environment_is_a_short_list(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**SECRETS, "LC_ALL": "C.UTF-8"}.items():
        monkeypatch.setenv(name, value)
    passed = child_environment()
    assert not SECRETS.keys() & passed.keys()
    assert passed["LC_ALL"] == "C.UTF-8" and passed["PATH"] == os.environ["PATH"]
    assert passed["GOMP_SPINCOUNT"] == "1000" and passed["GGML_NO_BACKTRACE"] == "1"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_the_process_itself(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    launch = rig.launch().model_copy(update={"address_space_bytes": 8 * 2**30})
    _, pid = await rig.started(launch)
    proc = Path(f"/proc/{pid}")
    environment = (proc / "environ").read_bytes()
    assert b"GOMP_SPINCOUNT=1000" in environment
    assert not [name for name in SECRETS if name.encode() + b"=" in environment]
    assert os.readlink(proc / "cwd") == "/"
    limits = {line[:25].strip(): line[25:].split() for line in (proc / "limits").read_text().splitlines()}
    assert limits["Max core file size"][:2] == ["0", "0"]
    assert limits["Max address space"][0] == str(8 * 2**30)
    assert os.getsid(pid) == pid, "a session of its own: keys of this terminal do not reach it"


async def test_the_log_is_evidence_without_this_machines_folders(rig: Rig) -> None:
    runtime, _ = await rig.started()
    await rig.ask(runtime)
    await runtime.stop()
    log = rig.log.read_text(encoding="utf-8")
    assert f"from {rig.model.name}" in log and "KV buffer size" in log
    assert str(rig.model.parent) not in log and f"{Path.home()}{os.sep}" not in log
    assert "create_tensor" not in log, "debug lines are left out"
