"""What the person is told while the Hub is slow or silent, and where it declares no digest."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakehub.fake_faults import Fault
from fakehub.fake_hub import FakeHub
from fakehub.fake_repo import FakeFile
from filelock import FileLock
from program import Cli, command, environment

from weighbridge.session.model import hub_files

REPO = "acme/tiny-GGUF"
SMALL = "tiny-Q4_K_M.gguf"


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    yield
    hub_files.forget()


class _Release(logging.Handler):
    """Lets a server go on as soon as the person was told that its answer is waited for."""

    def __init__(self, stall: Fault, told: str) -> None:
        super().__init__()
        self._stall, self._told = stall, told

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage() == self._told:
            self._stall.release.set()


@pytest.mark.parametrize(
    ("where", "args", "what"),
    [
        ("/api/models", ("search", "tiny"), "search"),
        (r"resolve/.*\.gguf", ("fit", f"{REPO}:{SMALL}"), f"the header of {REPO}: {SMALL}"),
        ("README", ("card", f"{REPO}:{SMALL}"), f"the model card of {REPO}"),
    ],
)
def test_a_slow_hub_is_told_of_once(
    here: Cli, hub: FakeHub, monkeypatch: pytest.MonkeyPatch, where: str, args: tuple[str, ...], what: str
) -> None:
    monkeypatch.setattr("weighbridge.services.hub.telling.SLOW_S", 0.2)
    told = f"waiting for the Hub: {what}"
    release = _Release(hub.fault(where, stall_before=True, times=1), told)
    logging.getLogger("weighbridge.hub").addHandler(release)
    try:
        done = here(*args)
    finally:
        logging.getLogger("weighbridge.hub").removeHandler(release)
    # A busy machine may be slow in other answers too, and says so.
    assert done.returncode == 0 and done.stderr.splitlines().count(told) == 1, done.stderr


def test_a_download_that_stalls_says_that_it_is_tried_again(
    here: Cli, hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert here("fit", f"{REPO}:{SMALL}").returncode == 0
    monkeypatch.setattr("weighbridge.services.hub.files.transfer.READ_S", 2.0)
    hub.fault(r"resolve/.*\.gguf", stall_after=100_000, times=2)
    done = here("download", f"{REPO}:{SMALL}")
    assert done.returncode == 0
    assert done.stderr.count("the server is silent; trying again (1 of 5)") == 2, "each brought something"


def test_a_file_without_a_declared_digest_is_never_called_checked(
    here: Cli, hub: FakeHub, tiny: dict[str, Path]
) -> None:
    hub.add("acme/small", {SMALL: FakeFile(tiny[SMALL], lfs=False)})
    digest = hashlib.sha256(tiny[SMALL].read_bytes()).hexdigest()
    for visit in ("first", "second"):
        done = here("download", f"acme/small:{SMALL}")
        assert done.stdout.startswith(digest), visit
        assert "declares no SHA-256" in done.stderr and "digest holds" not in done.stderr, visit
    told = json.loads(here("download", f"acme/small:{SMALL}", "--json").stdout)
    assert (told["sha256"], told["declared_sha256"]) == (digest, None)
    assert "declares no" not in here("download", f"{REPO}:{SMALL}").stderr
    assert "its digest holds" in here("download", f"{REPO}:{SMALL}").stderr


def test_a_killed_download_leaves_no_run_and_the_next_verb_cleans_up(here: Cli, hub: FakeHub, home: Path) -> None:
    stall = hub.fault(r"GET .*resolve/.*\.gguf", stall_after=100_000)
    with subprocess.Popen(command("download", f"{REPO}:{SMALL}"), env=environment(home)) as process:
        assert stall.reached.wait(60)
        process.kill()
    hub.clear_faults()
    assert "There are no runs yet" in here("runs").stdout
    (left,) = (home / "scratch" / "runs").iterdir()
    os.utime(left, (1, 1))
    with FileLock(left / "lock"):
        assert here("search", "tiny").returncode == 0
        assert left.exists(), "somebody holds it"
    assert here("search", "tiny").returncode == 0
    assert not list((home / "scratch" / "runs").iterdir())
