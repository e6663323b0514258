"""The walk: the real wizard in tmux at 80x24 and 60x20, from launch to a packet that strangers' tools accept."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pty_wizard import wait_until

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")


class Tmux:
    """One tmux server of its own with one window."""

    def __init__(self, folder: Path, columns: int, rows: int) -> None:
        # The socket is named from there: the path of one may be no longer than about 100 characters.
        self._folder = folder
        environment = {k: v for k, v in os.environ.items() if not k.startswith("TMUX")}
        self._environment = {
            **environment,
            "LANG": "C.UTF-8",
            "TERM": "xterm",
            "WEIGHBRIDGE_HOME": str(folder / "home"),
        }
        command = f"{sys.executable} -m weighbridge; echo exit $?; read -r _"
        self.run(
            "-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows), "-c", str(folder), command
        )

    def run(self, *arguments: str) -> str:
        command = ["tmux", "-u", "-S", "tmux.sock", *arguments]
        done = subprocess.run(
            command, cwd=self._folder, env=self._environment, capture_output=True, encoding="utf-8", check=True
        )
        return done.stdout

    def screen(self) -> str:
        return self.run("capture-pane", "-p")

    def press(self, *keys: str) -> None:
        self.run("send-keys", *keys)

    def wait_for(self, *texts: str) -> None:
        """All texts are on the screen at once."""
        try:
            wait_until(f"{texts} on the screen", lambda: all(text in self.screen() for text in texts))
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.screen()}") from None


@pytest.fixture(params=[(80, 24), pytest.param((60, 20), marks=pytest.mark.slow)], ids=["80x24", "60x20"])
def tmux(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Tmux]:
    columns, rows = request.param
    made = Tmux(tmp_path, columns, rows)
    yield made
    made.run("kill-server")


def test_the_walk_ends_in_a_packet_that_verifies(tmux: Tmux, tmp_path: Path) -> None:
    for title in ("Constraints", "Route"):
        tmux.wait_for("weighbridge", f"· {title}")
        tmux.press("C-n")
    tmux.wait_for("· Model", "Q4_1", "SHA-256")
    tmux.press("C-n")
    for title in ("Card", "Runtime"):
        tmux.wait_for(f"· {title}")
        tmux.press("C-n")
    tmux.wait_for("· Proof")
    tmux.press("C-r")
    tmux.wait_for("The proof is done")
    tmux.press("C-n")
    tmux.wait_for("· Eval")
    tmux.press("C-r")
    tmux.wait_for("The eval is done")
    tmux.press("C-n")
    tmux.wait_for("· Decision")
    tmux.press("C-n")
    tmux.wait_for("· Packet")
    tmux.press("C-n")
    tmux.wait_for("The packet is saved")
    tmux.press("C-q")
    tmux.wait_for("exit 0")
    (packet,) = tmp_path.glob("weighbridge-packet-*")
    check(packet, sys.executable, "-m", "weighbridge", "verify", ".")
    check(packet, "sha256sum", "--check", "--strict", "manifest-sha256.txt")
    check(packet, "sha256sum", "--check", "--strict", "tagmanifest-sha256.txt")


def check(packet: Path, *command: str) -> None:
    done = subprocess.run(command, cwd=packet, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
