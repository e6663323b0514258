"""The header of a model on the Hub, without its weights."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakehub.fake_hub import FakeHub
from shelf import RESOLVE, Shelf, shelf

from weighbridge.domain.model.files import WeightsFile
from weighbridge.domain.problems import BadInput, HubProblem
from weighbridge.services.hub.hub import FetchedHeader, Hub
from weighbridge.services.model_file import inspect_file

MIB = 1 << 20


def ask(file: Shelf, size: int | None = -1, endpoint: str = "") -> FetchedHeader:
    """`size`: what the Hub declares instead of the true one; None: nothing."""
    part = file.file if size == -1 else file.file.model_copy(update={"size_bytes": size})
    return Hub(file.home, endpoint or file.fake.endpoint).header(file.repo, WeightsFile(parts=(part,)))


@pytest.fixture
def real(fake: FakeHub, home: Path, bundled_path: Path) -> Shelf:
    return shelf(fake, home, bundled_path)


def test_it_costs_the_header_and_at_most_one_mebibyte(real: Shelf, bundled_path: Path) -> None:
    found = ask(real)
    assert found.header == inspect_file(bundled_path)[1]
    assert len(found.raw) == found.header.data_offset == 1_785_664
    with bundled_path.open("rb") as file:
        assert found.raw == file.read(len(found.raw))
    sent = real.fake.bytes_sent(RESOLVE)
    assert found.fetched_bytes == sent <= len(found.raw) + MIB
    assert real.ranges()[0] == "bytes=0-65535"


@pytest.mark.parametrize("size", [-1, None])
def test_a_second_visit_and_an_offline_one_need_no_fetch(
    real: Shelf, monkeypatch: pytest.MonkeyPatch, size: int | None
) -> None:
    first = ask(real, size)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    asked = len(real.fake.calls())
    again = ask(real, size)
    assert (again.header, again.raw, again.fetched_bytes) == (first.header, first.raw, 0)
    assert len(real.fake.calls()) == asked


def test_a_damaged_kept_header_is_fetched_again(real: Shelf) -> None:
    first = ask(real)
    (kept,) = (path for path in (real.home / "hub" / "headers").rglob("*") if path.is_file())
    for damage in (b"", first.raw[:-1], b"X" + first.raw[1:]):
        kept.write_bytes(damage)
        again = ask(real)
        assert again.raw == first.raw
        assert again.fetched_bytes > 0


def test_what_another_server_said_is_not_taken(real: Shelf) -> None:
    ask(real)
    with FakeHub() as other, pytest.raises(HubProblem) as caught:
        ask(real, endpoint=other.endpoint)
    assert caught.value.kind == "not_found"


def test_a_full_disk_only_means_that_it_is_not_kept(real: Shelf) -> None:
    (real.home / "hub").mkdir(parents=True)
    (real.home / "hub" / "headers").write_text("in the way")
    assert ask(real).fetched_bytes > 0


@pytest.mark.parametrize("data", [b"<html>nothing here</html>" * 9, b"GGUF" + bytes(2000)])
def test_what_is_no_model_is_named_with_its_file(fake: FakeHub, home: Path, data: bytes) -> None:
    file = shelf(fake, home, data)
    with pytest.raises(BadInput, match=r"^tiny-Q4_0\.gguf: "):
        ask(file)
    assert not (home / "hub" / "headers").exists()


def test_a_server_without_ranges(real: Shelf) -> None:
    real.fake.fault(RESOLVE, ignore_range=True)
    with pytest.raises(HubProblem) as caught:
        ask(real)
    assert caught.value.kind == "no_ranges"


def test_names_that_lead_elsewhere_are_refused(real: Shelf) -> None:
    evil = real.file.model_copy(update={"path": "../../evil.gguf"})
    with pytest.raises(HubProblem) as caught:
        Hub(real.home, real.fake.endpoint).header(real.repo, WeightsFile(parts=(evil,)))
    assert caught.value.kind == "bad_name"
    assert not real.fake.calls()
