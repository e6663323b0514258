"""The command line itself: light, helpful, and quiet when nobody reads."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from program import Cli, command, environment

VERBS = ("route", "search", "fit", "card", "download", "prove", "run", "verify", "runs", "doctor")
HEAVY = ("textual", "rich", "llama_cpp", "huggingface_hub", "pydantic", "psutil", "asyncio", "platformdirs")


@pytest.mark.parametrize("args", [["--help"], ["--version"], ["prove", "--help"], ["runs", "delete", "--help"]])
def test_help_imports_nothing_heavy(args: list[str]) -> None:
    program = (
        "import sys\nfrom weighbridge.cli import main\n"
        f"try:\n    main({args!r})\nexcept SystemExit as end:\n    assert not end.code\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300)
    assert done.stdout.splitlines()[-1] == "[]", done.stdout + done.stderr


def test_help_names_every_verb_and_shows_examples(here: Cli) -> None:
    text = here("--help").stdout
    assert all(f"\n    {verb} " in text for verb in VERBS)
    assert "weighbridge run plan.toml -o packet" in text
    assert all("example:\n  weighbridge " in here(verb, "--help").stdout for verb in VERBS)


@pytest.mark.parametrize(
    "args", [["--nonsense"], ["nonsense"], ["prove"], ["run", "plan.toml"], ["prove", "--ct", "9"]]
)
def test_a_usage_error_is_one_sentence_with_a_way_out(here: Cli, args: list[str]) -> None:
    done = here(*args)
    assert done.returncode == 2 and not done.stdout
    sentence, hint = done.stderr.splitlines()
    assert sentence.startswith("weighbridge: ") and "--help" in hint


@pytest.mark.skipif(sys.platform == "win32", reason="closes one end of a POSIX pipe")
@pytest.mark.parametrize("args", [["--help"], ["route"], ["doctor", "--json"]])
def test_a_reader_that_goes_away_is_no_error(home: Path, args: list[str]) -> None:
    process = subprocess.Popen(
        command(*args), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(home)
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait(300) == 0
    process.stderr.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_behind_standard_output_is_said(home: Path) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(
            command("route"), stdout=full, stderr=subprocess.PIPE, text=True, env=environment(home), timeout=300
        )
    assert done.returncode == 4
    assert done.stderr.startswith("weighbridge: Standard output cannot be written: no space is left.")


def test_a_terminal_that_lacks_a_character_gets_its_code(cli: Cli) -> None:
    done = cli("route", "-", stdin='{"task": "講義の質問"}', env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0 and "\\u8b1b" in done.stdout


def test_a_data_folder_that_is_a_file_is_one_sentence(cli: Cli, home: Path) -> None:
    home.write_text("not a folder")
    for args in ([], ["prove", "bundled"]):
        done = cli(*args)
        assert done.returncode == 4
        assert "cannot be written: a part of the path is a file." in done.stderr


def test_something_unexpected_keeps_its_traceback_in_a_file(home: Path) -> None:
    program = (
        "from weighbridge.plain.exits import guarded\n"
        "def main():\n    raise ZeroDivisionError('by\\x1b[2Jzero')\n"
        "raise SystemExit(guarded(main))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment(home), timeout=300
    )
    assert done.returncode == 4
    assert "ZeroDivisionError: by␛[2Jzero" in done.stderr and "Traceback" not in done.stderr
    (kept,) = (home / "errors").iterdir()
    assert str(kept) in done.stderr and "Traceback" in kept.read_text()


def test_ctrl_c_within_a_task_of_the_loop_is_no_traceback(home: Path) -> None:
    program = (
        "import asyncio, signal\n"
        "from weighbridge.plain.exits import guarded\n"
        "async def torn():\n    signal.raise_signal(signal.SIGINT)\n"
        "async def work():\n    task = asyncio.create_task(torn())\n    await asyncio.sleep(60)\n"
        "def press(*_):\n    raise KeyboardInterrupt\n"
        "def main():\n"
        "    with asyncio.Runner() as runner:\n"
        "        signal.signal(signal.SIGINT, press)\n"
        "        runner.run(work())\n"
        "raise SystemExit(guarded(main))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment(home), timeout=300
    )
    assert done.returncode == 130 and done.stderr == "weighbridge: interrupted\n"
