"""Our downloader against curl, on one file from one server on loopback: `python bench/download.py [pairs] [MiB]`.

The fake Hub of the tests serves a file of random bytes from a process of its own, by sendfile. Ours writes it, hashes
it, compares the digest, flushes it to the disk and gives it its name; curl only writes it. They take turns, first
at the speed of a line, then as fast as both sides can: there SHA-256 alone takes a core about as long as curl takes
for the file. For comparison also curl followed by sha256sum, which gives the same certainty.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from weighbridge.domain.model.hub import HubFile, HubRepo
from weighbridge.services.hub.files.fetch import file_url
from weighbridge.services.hub.hub import Hub

GOAL = 0.95
LINE = 300_000_000
"""Bytes a second of the slower server, at most: more than nearly every line to the Hub carries."""
ROOT = Path(__file__).resolve().parents[1]
MIB = 1 << 20


@contextmanager
def served(folder: Path, *options: str) -> Iterator[str]:
    """A fake Hub in a process of its own; its endpoint."""
    env = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT / 'tests'}"}
    command = [sys.executable, "-m", "fakehub", str(folder), *options]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env)
    assert server.stdout is not None
    try:
        yield server.stdout.readline().split()[0].removeprefix("HF_ENDPOINT=")
    finally:
        server.kill()
        server.communicate()


def make_file(path: Path, mib: int) -> None:
    """Random bytes, written to the disk before anything is timed."""
    chance = random.Random(7)
    path.parent.mkdir()
    with path.open("wb") as file:
        for _ in range(mib):
            file.write(chance.randbytes(MIB))
        file.flush()
        os.fsync(file.fileno())


def ours(hub: Hub, repo: HubRepo, file: HubFile) -> float:
    began = time.perf_counter()
    done = hub.download(repo, file, lambda now, total: None, lambda: False)
    seconds = time.perf_counter() - began
    assert done.compared
    done.path.unlink()
    return seconds


def curl(url: str, target: Path, sha256: str = "") -> float:
    """Seconds; with a digest, those of sha256sum too."""
    began = time.perf_counter()
    subprocess.run(["curl", "-sSfL", "-o", str(target), url], check=True)
    if sha256:
        said = subprocess.run(["sha256sum", str(target)], check=True, capture_output=True, text=True).stdout
        assert said.split()[0] == sha256
    seconds = time.perf_counter() - began
    target.unlink()
    return seconds


def compare(folder: Path, pairs: int, server: str, *options: str) -> float:
    """Prints medians and ratios; returns the speed of ours over curl's."""
    with served(folder / "shelf", *options) as endpoint:
        hub = Hub(folder / "home", endpoint)
        repo = hub.repository("acme/model")
        (file,) = repo.files
        url = file_url(repo, file.path, endpoint)
        ours(hub, repo, file)
        rounds = [
            (ours(hub, repo, file), curl(url, folder / "copy"), curl(url, folder / "copy", file.sha256))
            for _ in range(pairs)
        ]
    mine, bare, summed = (median(times) for times in zip(*rounds, strict=True))
    rate = (file.size_bytes or 0) / bare / 1e6
    pair = median(other / own for own, other, _ in rounds)
    print(f"{server} ({rate:,.0f} MB/s by curl), load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"  ours {mine:.3f} s, curl {bare:.3f} s, curl and sha256sum {summed:.3f} s (medians of {pairs})")
    print(f"  speed of ours over curl {bare / mine:.2f} (median of the pairs {pair:.2f}, goal {GOAL}),", end=" ")
    print(f"over curl and sha256sum {summed / mine:.2f}", flush=True)
    return float(bare / mine)


def main(pairs: int, mib: int) -> int:
    """1 where the goal is missed."""
    if not shutil.which("curl"):
        print("there is no curl to compare with")
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_file(folder / "shelf" / "model.gguf", mib)
        compare(folder, pairs, "a server at the speed of a line", "--where", "resolve", "--throttle", str(LINE))
        return int(compare(folder, pairs, "a server at full speed") < GOAL)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 9, int(sys.argv[2]) if len(sys.argv) > 2 else 200))
