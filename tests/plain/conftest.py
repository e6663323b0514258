"""The real program, and the packet of the example plan."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from program import DATA, Cli, command, environment

from weighbridge.cli import main


@pytest.fixture
def cli(home: Path, tmp_path: Path) -> Cli:
    """Runs `weighbridge ARGS`; never with a traceback, whatever the exit code."""

    def run(*args: str, stdin: str = "", env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command(*args),
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=environment(home, env),
            cwd=tmp_path,
            timeout=300,
        )
        assert "Traceback" not in done.stdout + done.stderr, done.stderr
        return done

    return run


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Cli:
    """The same program inside the test's own process: for tables of small mistakes."""
    monkeypatch.chdir(tmp_path)

    def run(*args: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8"))
        try:
            code = main(args)
        except SystemExit as end:
            code = int(end.code or 0)
        said = capfd.readouterr()
        assert "Traceback" not in said.out + said.err, said.err
        return subprocess.CompletedProcess(args, code, said.out, said.err)

    return run


@pytest.fixture(scope="session")
def packet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packet of the example plan, with the real engine; made once. Beside it: stdout, stderr."""
    place = tmp_path_factory.mktemp("example")
    done = subprocess.run(
        command("run", str(DATA / "plan.toml"), "-o", str(place / "packet"), "--json"),
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment(place / "home"),
        timeout=600,
    )
    (place / "stdout").write_text(done.stdout, encoding="utf-8")
    (place / "stderr").write_text(done.stderr, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return place / "packet"
