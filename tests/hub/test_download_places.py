"""Names from outside never lead out of the models folder, and copies that are here already are used."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from fakehub.fake_hub import FakeHub
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shelf import DATA, Shelf, never, shelf

from weighbridge.domain.model.hub import HubFile
from weighbridge.domain.problems import HubProblem, OutsideFailed, Problem
from weighbridge.services import digests
from weighbridge.services.hub.files.places import place
from weighbridge.services.hub.hub import Hub
from weighbridge.services.model_file import Cancelled

SHA = hashlib.sha256(DATA).hexdigest()
COMMIT = "a" * 40
HOSTILE = [
    "../../evil.gguf",
    "/etc/evil.gguf",
    "a/../evil.gguf",
    "a//evil.gguf",
    "./evil.gguf",
    "..\\evil.gguf",
    "C:evil.gguf",
    "C:\\evil.gguf",
    ".gguf",
    "a\x00b.gguf",
    "a\x1b[2Jb.gguf",
    "a\nb.gguf",
    "a?b.gguf",
    "x" * 300 + ".gguf",
    "é" * 130 + ".gguf",
    "\ud800.gguf",
]


@pytest.fixture
def file(fake: FakeHub, home: Path) -> Shelf:
    return shelf(fake, home)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_refused_before_anything_is_asked(file: Shelf, name: str) -> None:
    with pytest.raises(HubProblem) as caught:
        file.fetch(file=HubFile(path=name, size_bytes=1, sha256=SHA))
    assert caught.value.kind == "bad_name"
    assert str(caught.value).isprintable()
    assert not file.fake.calls()
    assert not file.home.exists()


@pytest.mark.parametrize("name", ["model.bin", "pytorch_model.pt", "README.md", "model.gguf.py", "gguf"])
def test_nothing_but_gguf_is_fetched(file: Shelf, name: str) -> None:
    with pytest.raises(HubProblem, match=r"no \.gguf file"):
        file.fetch(file=HubFile(path=name))
    assert not file.fake.calls()


@pytest.mark.parametrize("sha256", ["../../../../evil", "a" * 63, "g" * 64])
def test_a_digest_that_is_none_is_refused(file: Shelf, sha256: str) -> None:
    with pytest.raises(HubProblem) as caught:
        file.fetch(file=file.file.model_copy(update={"sha256": sha256}))
    assert caught.value.kind == "nonsense"
    assert not file.home.exists()


@pytest.mark.parametrize("repo", ["../..", "..", "acme/..", "acme/../../x", "acme/a\\b", ""])
def test_a_hostile_repository_is_refused(repo: str) -> None:
    with pytest.raises(HubProblem):
        place(Path("/models"), repo, COMMIT, "x.gguf")


@pytest.mark.parametrize("revision", ["main", "../main", "a" * 39, "A" * 40, ""])
def test_only_a_commit_has_a_place(revision: str) -> None:
    with pytest.raises(HubProblem) as caught:
        place(Path("/models"), "acme/x", revision, "x.gguf")
    assert caught.value.kind == "bad_revision"


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(repo=st.text(max_size=20), name=st.text(max_size=20))
def test_a_place_is_always_inside(tmp_path: Path, repo: str, name: str) -> None:
    try:
        found = place(tmp_path, repo, COMMIT, f"{name}.gguf")
    except Problem:
        return
    assert Path(os.path.normpath(found)).is_relative_to(tmp_path)
    assert tmp_path / found == found.resolve()


def test_a_folder_inside_the_repository_is_kept(fake: FakeHub, home: Path) -> None:
    file = shelf(fake, home, path="Q4_K_M/tiny.gguf")
    assert file.fetch().path == home / "models" / "acme--tiny-GGUF" / file.repo.revision / "Q4_K_M" / "tiny.gguf"


def test_a_link_that_leads_out_is_not_followed(file: Shelf, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (file.home / "models").mkdir(parents=True)
    (file.home / "models" / "acme--tiny-GGUF").symlink_to(outside)
    with pytest.raises(OutsideFailed, match="by a link"):
        file.fetch()
    assert not list(outside.iterdir())


def test_a_part_that_is_a_link_is_not_written_through(file: Shelf, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    file.part.parent.mkdir(parents=True)
    file.part.symlink_to(precious)
    with pytest.raises(OutsideFailed):
        file.fetch()
    assert precious.read_text() == "mine"


def test_a_target_that_is_a_link_is_replaced_not_followed(file: Shelf, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    file.part.parent.mkdir(parents=True)
    file.target.symlink_to(precious)
    assert file.fetch().sha256 == SHA
    assert precious.read_text() == "mine"
    assert not file.target.is_symlink()


def copy_in_client_cache(file: Shelf, cache: Path, data: bytes) -> Path:
    """As the Hub's own client keeps a file."""
    folder = cache / "models--acme--tiny-GGUF"
    kept = folder / "snapshots" / file.repo.revision / file.file.path
    blob = folder / "blobs" / SHA
    for made in (kept, blob):
        made.parent.mkdir(parents=True)
    blob.write_bytes(data)
    kept.symlink_to(blob)
    return kept


@pytest.mark.parametrize(("data", "intact"), [(DATA, True), (DATA[:-1], False), (b"x" + DATA[1:], False)])
def test_a_copy_of_the_hubs_client_is_used_if_it_is_intact(
    file: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, intact: bool
) -> None:
    cache = tmp_path / "cache"
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    kept = copy_in_client_cache(file, cache, data)
    found = Hub(file.home, file.fake.endpoint).local_copy(file.repo, file.file, never)
    assert found == ((kept, SHA, True) if intact else None)


def test_our_own_copy_is_checked_once_a_process(file: Shelf) -> None:
    hub = Hub(file.home, file.fake.endpoint)
    assert hub.local_copy(file.repo, file.file, never) is None
    file.fetch()
    assert hub.local_copy(file.repo, file.file, lambda: True) == (file.target, SHA, True)
    digests._KNOWN.clear()
    with pytest.raises(Cancelled):
        hub.local_copy(file.repo, file.file, lambda: True)
    file.target.write_bytes(b"x" + DATA[1:])
    assert hub.local_copy(file.repo, file.file, never) is None
    assert file.fetch().sha256 == SHA
    assert file.target.read_bytes() == DATA
