"""Our downloader against curl, on one file from one server on loopback: `python bench/download.py [pairs] [MiB]`.

The fake Hub of the tests serves a file of random bytes from a process of its own, by sendfile. Ours writes it, hashes
it, compares the digest, flushes it to the disk and gives it its name; curl only writes it. They take turns. For
comparison also curl followed by sha256sum, which is what a person would have to run for the same certainty.
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
from weighbridge.services.hub.fetch import file_url
from weighbridge.services.hub.hub import Hub

GOAL = 0.95
ROOT = Path(__file__).resolve().parents[1]
MIB = 1 << 20


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A fake Hub in a process of its own; its endpoint."""
    env = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT / 'tests'}"}
    command = [sys.executable, "-m", "fakehub", str(folder)]
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


def main(pairs: int, mib: int) -> int:
    """Prints medians and ratios; 1 where the goal is missed."""
    if not shutil.which("curl"):
        print("there is no curl to compare with")
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_file(folder / "shelf" / "model.gguf", mib)
        with served(folder / "shelf") as endpoint:
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
    print(f"{mib} MiB, {pairs} rounds, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"ours {mine:.3f} s, curl {bare:.3f} s, curl and sha256sum {summed:.3f} s (medians)")
    pair = median(other / own for own, other, _ in rounds)
    print(f"speed of ours over curl {bare / mine:.2f} (median of the pairs {pair:.2f}, goal {GOAL})")
    print(f"speed of ours over curl and sha256sum {summed / mine:.2f}")
    return int(bare / mine < GOAL)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 9, int(sys.argv[2]) if len(sys.argv) > 2 else 400))
