"""One model file on a fake Hub, as the downloader is asked for it."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fakehub.fake_hub import FakeHub
from fakehub.fake_repo import FakeFile, Source

from weighbridge.domain.model.hub import HubFile, HubRepo
from weighbridge.services.hub.client import HubClient
from weighbridge.services.hub.files.fetch import fetch
from weighbridge.services.hub.files.local_copy import Downloaded

DATA = random.Random(7).randbytes(3_000_000)
"""No GGUF: the downloader does not look inside."""
RESOLVE = r"/resolve/"
_NAME = "acme/tiny-GGUF"
_PATH = "tiny-Q4_0.gguf"


def never() -> bool:
    return False


@dataclass(frozen=True)
class Shelf:
    """`repo` and `file` as the Hub declares them, `fake` the Hub, `home` the data folder."""

    fake: FakeHub
    home: Path
    repo: HubRepo
    file: HubFile

    @property
    def target(self) -> Path:
        return self.home / "models" / "acme--tiny-GGUF" / self.repo.revision / self.file.path

    @property
    def part(self) -> Path:
        return self.target.with_name(f"{self.target.name}.{self.file.sha256[:12]}.part")

    def fetch(
        self,
        progress: Callable[[int, int], None] | None = None,
        cancelled: Callable[[], bool] = never,
        waits: Sequence[float] = (0.0, 0.0, 0.0),
        file: HubFile | None = None,
    ) -> Downloaded:
        """Downloads with the real client; failures are waited for as `waits` says."""
        HubClient(self.fake.endpoint).open()
        return fetch(self.home, self.fake.endpoint, self.repo, file or self.file, progress, cancelled, waits)

    def start_child(self) -> subprocess.Popen[str]:
        """Another process that downloads the same file and prints its digest."""
        asked = [str(self.home), self.fake.endpoint, self.repo.model_dump_json(), self.file.model_dump_json()]
        return subprocess.Popen(
            [sys.executable, "-c", _CHILD, json.dumps(asked)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def ranges(self) -> list[str]:
        """The Range headers of all requests for the file so far, empty where there was none."""
        return [call.headers.get("range", "") for call in self.fake.calls(RESOLVE)]


def shelf(fake: FakeHub, home: Path, source: Source = DATA, path: str = _PATH) -> Shelf:
    """A repository with this file, and what the Hub declares of it."""
    known = source if isinstance(source, FakeFile) else FakeFile(source.encode() if isinstance(source, str) else source)
    sha = fake.add(_NAME, {path: known}).sha
    repo = HubRepo(repo=_NAME, revision=sha, fetched_at="2026-01-01T00:00:00Z", endpoint=fake.endpoint)
    return Shelf(fake, home, repo, HubFile(path=path, size_bytes=known.size, sha256=known.sha256))


def wait_until(true: Callable[[], bool], limit_s: float = 60.0) -> None:
    deadline = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


_CHILD = """
import json, sys
from pathlib import Path
from weighbridge.domain.model.hub import HubFile, HubRepo
from weighbridge.services.hub.hub import Hub
home, endpoint, repo, file = json.loads(sys.argv[1])
repo, file = HubRepo.model_validate_json(repo), HubFile.model_validate_json(file)
print(Hub(Path(home), endpoint).download(repo, file, None, lambda: False).sha256)
"""
