"""Places that cannot be used are said before any work is done for them."""

from __future__ import annotations

from pathlib import Path

import pytest
from program import DATA, Cli


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a folder in which nobody can write")
def test_an_unwritable_target_is_refused_before_the_proof(here: Cli) -> None:
    done = here("run", str(DATA / "plan.toml"), "-o", "/proc/packet")
    assert done.returncode == 4 and "/proc/packet cannot be written" in done.stderr
    assert "attempt" not in done.stderr and "There are no runs yet" in here("runs").stdout


def test_trying_a_target_leaves_nothing_behind(here: Cli, tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    (tmp_path / "plan.toml").write_text('[model]\nspec = "none.gguf"\n')
    here("run", str(tmp_path / "plan.toml"), "-o", str(place / "deep" / "packet"))
    assert list(place.iterdir()) == []


def test_a_data_folder_that_is_a_file_is_one_sentence(here: Cli, home: Path) -> None:
    home.write_text("not a folder")
    done = here("runs")
    assert done.returncode == 4 and "is a file" in done.stderr and "WEIGHBRIDGE_HOME" in done.stderr


def test_a_card_that_is_a_list_is_not_an_object(here: Cli) -> None:
    done = here("route", "-", stdin="[]")
    assert done.returncode == 2 and "[] is not an object" in done.stderr


def test_a_limit_is_said_in_plain_words(here: Cli) -> None:
    done = here("fit", "bundled", "--ctx", "3")
    assert done.returncode == 2 and "--ctx: must be at least 64 (it is '3')" in done.stderr
