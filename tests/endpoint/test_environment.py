"""What the processes that we start may know of this one's environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from weighbridge.services.endpoint.transformers.serve import environment
from weighbridge.services.engine.spawn import child_environment

HARMLESS = {"PATH": "/usr/bin", "LANG": "de_DE.UTF-8", "LC_TIME": "C", "TMPDIR": "/var/tmp", "LD_LIBRARY_PATH": "/opt"}
GPUS = {"CUDA_VISIBLE_DEVICES": "1"}
TO_DOWNLOAD = {"HF_ENDPOINT": "http://hub.example", "HOME": "/home/somebody"}
NOBODYS = {"HF_TOKEN": "hf_secret", "HTTPS_PROXY": "http://user:secret@proxy", "PYTHONSTARTUP": "x.py", "LCX": "x"}


def test_each_child_has_the_harmless_ones_and_what_it_works_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = HARMLESS | GPUS | TO_DOWNLOAD | NOBODYS
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    children = {
        "engine": (child_environment(), HARMLESS),
        "server of a folder": (environment(tmp_path, 2, download=False), HARMLESS | GPUS),
        "server that downloads": (environment(tmp_path, 2, download=True), HARMLESS | GPUS | TO_DOWNLOAD),
    }
    for child, (has, may) in children.items():
        assert {name: value for name, value in has.items() if name in given} == may, child
