"""Files that are no model, or a hostile one: one sentence from every verb that takes a MODEL."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path

import pytest
from gguf import GGUFWriter
from program import Cli

HOSTILE = ("empty", "picture", "folder", "counts", "blocks", "truncated", "absent", "pipe", "loop")


@pytest.fixture
def bad(tmp_path: Path, bundled_path: Path) -> Path:
    """A folder with one bad model a name."""
    place = tmp_path / "models"
    place.mkdir()
    (place / "empty.gguf").touch()
    (place / "picture.gguf").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(5000))
    (place / "folder.gguf").mkdir()
    (place / "counts.gguf").write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 2**60, 2**60) + bytes(100))
    with bundled_path.open("rb") as whole:
        (place / "truncated.gguf").write_bytes(whole.read(4_000_000))
    os.mkfifo(place / "pipe.gguf")
    (place / "loop.gguf").symlink_to("loop.gguf")
    writer = GGUFWriter(place / "blocks.gguf", "llama")
    writer.add_block_count(513)
    writer.add_context_length(512)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return place


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="makes a pipe in a folder")
@pytest.mark.parametrize("verb", ["fit", "card", "prove"])
def test_a_bad_model_is_one_sentence_and_leaves_no_run(here: Cli, bad: Path, verb: str) -> None:
    for name in HOSTILE:
        done = here(verb, str(bad / f"{name}.gguf"))
        assert done.returncode in (2, 4), name
        assert not done.stdout, name
        assert done.stderr.startswith("weighbridge: ") and name in done.stderr, done.stderr
        assert len(done.stderr.splitlines()) <= 2, done.stderr
    assert "There are no runs yet" in here("runs").stdout


def test_a_name_with_terminal_escapes_is_shown_harmlessly(here: Cli) -> None:
    done = here("fit", "\x1b]0;owned\x07.gguf")
    assert done.returncode == 2
    assert "\x1b" not in done.stderr and "\x07" not in done.stderr and "␛]0;owned␇.gguf" in done.stderr


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_one_sentence(here: Cli, tmp_path: Path) -> None:
    model = tmp_path / "secret.gguf"
    model.write_bytes(b"GGUF")
    model.chmod(0)
    assert "may not be read" in here("fit", str(model)).stderr


def test_fit_and_card_say_what_the_header_says(here: Cli, bundled_path: Path) -> None:
    fit = json.loads(here("fit", "bundled", "--ctx", "4096", "--json").stdout)
    assert fit["n_ctx"] == 4096 and fit["method"] == "engine" and fit["fetched_bytes"] is None
    assert fit["files"] is None and fit["disk"]["needed_bytes"] == 0
    assert fit["model"]["size_bytes"] == bundled_path.stat().st_size
    card = json.loads(here("card", str(bundled_path), "--json").stdout)["card"]
    assert card["licence"]["status"] == "declared" and card["licence"]["source"].startswith("GGUF key")
    assert card["safety"]["status"] == "missing" and card["safety"]["reason"]
    human = here("card", "bundled").stdout
    assert "Licence: apache-2.0" in human and "Limits and safety: missing: " in human
    assert here("fit", "bundled", "--ctx", "many").stderr.startswith("weighbridge: --ctx: 'many' is not")
