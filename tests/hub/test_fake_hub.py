"""The fake Hub does what other tests lean on: bytes, ranges, faults, its log, and a clean end."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakehub.fake_hub import FakeHub
from fakehub.fake_repo import FakeRepo
from fakehub.fake_tiny import CARD, REPO

DATA = bytes(range(256)) * 4_000
FILE = f"/{REPO}/resolve/main/large.gguf"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(params=["memory", "disk"])
def large(fake: FakeHub, tmp_path: Path, request: pytest.FixtureRequest) -> FakeRepo:
    """One file of about 1 MB, held in memory or on the disk."""
    path = tmp_path / "large.gguf"
    path.write_bytes(DATA)
    return fake.add(REPO, {"large.gguf": path if request.param == "disk" else DATA, "README.md": CARD})


@pytest.fixture
def line(fake: FakeHub) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection("127.0.0.1", fake.port, timeout=60)
    yield connection
    connection.close()


def got(
    line: http.client.HTTPConnection, path: str = FILE, asked: str = "", method: str = "GET"
) -> tuple[http.client.HTTPResponse, bytes]:
    line.request(method, path, headers={"Range": asked} if asked else {})
    answer = line.getresponse()
    try:
        return answer, answer.read()
    except http.client.IncompleteRead as broken:
        return answer, broken.partial


def test_whole_files_and_ranges_over_one_connection(
    fake: FakeHub, large: FakeRepo, line: http.client.HTTPConnection
) -> None:
    answer, body = got(line)
    assert (answer.status, body) == (200, DATA)
    assert answer.headers["ETag"] == f'"{large.commits[large.sha]["large.gguf"].sha256}"'
    answer, body = got(line, asked="bytes=1000-1999")
    assert (answer.status, body) == (206, DATA[1000:2000])
    assert answer.headers["Content-Range"] == f"bytes 1000-1999/{len(DATA)}"
    assert got(line, asked=f"bytes={len(DATA) - 5}-")[1] == DATA[-5:]
    assert got(line, asked=f"bytes={len(DATA)}-")[0].status == 416
    assert got(line, method="HEAD")[1] == b""
    assert [call.sent for call in fake.calls()] == [len(DATA), 1000, 5, 0, 0]
    assert fake.bytes_sent("large") == len(DATA) + 1005


def test_a_dropped_connection_ends_where_it_should(
    fake: FakeHub, large: FakeRepo, line: http.client.HTTPConnection
) -> None:
    fake.fault("GET .*large", drop_after=70_000, times=1)
    assert got(line)[1] == DATA[:70_000]
    line.close()
    assert got(line)[1] == DATA


def test_a_stall_ends_when_it_is_released(fake: FakeHub, large: FakeRepo, line: http.client.HTTPConnection) -> None:
    fault = fake.fault("large", stall_after=100)
    line.request("GET", FILE)
    answer = line.getresponse()
    assert answer.read(100) == DATA[:100]
    assert fault.reached.wait(60)
    assert fake.log.wait_for("large", sent=100)
    assert fake.bytes_sent("large") == 100
    fault.release.set()
    assert answer.read() == DATA[100:]


def test_flipped_bits_sit_at_one_place_of_the_file(
    fake: FakeHub, large: FakeRepo, line: http.client.HTTPConnection
) -> None:
    fake.fault("large", flip_at=500_000)
    body = got(line)[1]
    assert [at for at in range(len(DATA)) if body[at] != DATA[at]] == [500_000]
    assert got(line, asked="bytes=500000-500000")[1] != DATA[500_000:500_001]


def test_ranges_may_be_ignored_and_lengths_wrong(
    fake: FakeHub, large: FakeRepo, line: http.client.HTTPConnection
) -> None:
    fake.fault("large", ignore_range=True, times=1)
    answer, body = got(line, asked="bytes=5-9")
    assert (answer.status, len(body)) == (200, len(DATA))
    fake.fault("large", content_length=len(DATA) + 3, times=1)
    assert got(line)[1] == DATA
    line.close()
    fake.fault("large", content_length=len(DATA) + 3, extra=b"abc", times=1)
    assert got(line)[1] == DATA + b"abc"


def test_large_files_may_come_from_another_host(
    fake: FakeHub, large: FakeRepo, line: http.client.HTTPConnection
) -> None:
    fake.cdn = True
    answer, _ = got(line)
    there = f"http://{fake.cdn_host}/cdn/{REPO}/{large.sha}/large.gguf"
    assert (answer.status, answer.headers["Location"]) == (302, there)
    assert answer.headers["X-Linked-Size"] == str(len(DATA))
    assert got(line, there.partition(fake.cdn_host)[2])[1] == DATA
    assert got(line, f"/{REPO}/resolve/main/README.md")[0].status == 200


def test_it_stops_at_once_and_starts_again_at_its_port(large: FakeRepo, fake: FakeHub) -> None:
    fault = fake.fault("large", stall_before=True)
    line = http.client.HTTPConnection("127.0.0.1", fake.port, timeout=60)
    line.request("GET", FILE)
    assert fault.reached.wait(60)
    fake.stop()
    line.close()
    with pytest.raises(ConnectionRefusedError):
        line.request("GET", FILE)
    line.close()
    fake.start()
    assert got(line)[1] == DATA
    line.close()


def test_by_hand(tmp_path: Path) -> None:
    folder = tmp_path / "acme--model"
    folder.mkdir()
    (folder / "README.md").write_bytes(CARD)
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}
    command = [sys.executable, "-m", "fakehub", str(tmp_path), "--status", "429", "--wait", "9", "--where", "/api/"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            endpoint, name = server.stdout.readline().split()
            port = int(endpoint.rpartition(":")[2])
            line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            answer, _ = got(line, f"/api/models/{name}")
            assert (answer.status, answer.headers["RateLimit"]) == (429, '"api";r=0;t=9')
            assert got(line, f"/{name}/resolve/main/README.md")[1] == CARD
            line.close()
        finally:
            server.kill()
