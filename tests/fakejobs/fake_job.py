"""One job: its stages, its clock that may run faster, and its server."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from fakejobs.fake_server import Server

OVER = ("COMPLETED", "CANCELED", "ERROR", "DELETED")
_NUMBERS = itertools.count(1)


def stamp(moment: float) -> str:
    """Seconds since 1970 as the Hub writes them."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class FakeJob:
    """`spec`: as the client sent it. Times are real seconds; `speed`: how many seconds of the job one of them is."""

    spec: dict[str, Any]
    owner: str
    speed: float
    id: str = field(default_factory=lambda: f"{next(_NUMBERS):024x}")
    stage: str = "SCHEDULING"
    message: str | None = None
    created: float = field(default_factory=time.time)
    started: float | None = None
    finished: float | None = None
    server: Server | None = None
    log: list[str] = field(default_factory=list)
    cancels: int = 0

    @property
    def over(self) -> bool:
        return self.stage in OVER

    @property
    def running_s(self) -> float | None:
        """Seconds of the job's own clock."""
        if self.started is None:
            return None
        return ((self.finished or time.time()) - self.started) * self.speed

    @property
    def due(self) -> float | None:
        """When its time limit ends it."""
        limit = self.spec.get("timeoutSeconds", 1800)
        return None if self.started is None else self.started + limit / self.speed

    @property
    def out_of_time(self) -> bool:
        return not self.over and self.due is not None and time.time() >= self.due

    @property
    def age_s(self) -> float:
        """Real seconds since it was made."""
        return time.time() - self.created

    @property
    def model(self) -> str:
        """What it is to serve, by its command: `vllm serve REPO` or `... --model-path REPO`."""
        words = self.spec["command"]
        return str(words[words.index("serve" if "serve" in words else "--model-path") + 1])

    def run(self) -> None:
        self.stage, self.started = "RUNNING", time.time()

    def end(self, stage: str, message: str | None, close: bool, at: float | None = None) -> None:
        """`at`: where it was over before anybody looked."""
        self.stage, self.message, self.finished = stage, message, time.time() if at is None else at
        if self.server is not None and close:
            self.server.close()
            self.server = None

    def matches(self, query: list[tuple[str, str]]) -> bool:
        """Whether a listing with these parameters shows it."""
        stages = [value for name, value in query if name == "stage"]
        labels = [value.partition("=") for name, value in query if name == "label"]
        own = self.spec.get("labels") or {}
        return (not stages or self.stage in stages) and all(own.get(name) == value for name, _, value in labels)

    def info(self, durations: bool = True) -> dict[str, Any]:
        """The JSON of the API."""
        ran = self.running_s
        end = self.finished
        if self.started is not None and end is not None:
            end = self.started + (end - self.started) * self.speed
        counted = {
            "schedulingSecs": None if self.started is None else int(self.started - self.created),
            "runningSecs": None if ran is None else int(ran),
            "totalSecs": int((self.finished or time.time()) - self.created),
        }
        urls = [self.server.address] if self.server is not None and not self.over else None
        return {
            "id": self.id,
            "createdAt": stamp(self.created),
            "startedAt": stamp(self.started) if self.started else None,
            "finishedAt": stamp(end) if end else None,
            "dockerImage": self.spec.get("dockerImage"),
            "command": self.spec["command"],
            "arguments": [],
            "environment": {},
            "flavor": self.spec["flavor"],
            "labels": self.spec.get("labels"),
            "status": {"stage": self.stage, "message": self.message, "exposeUrls": urls},
            "owner": {"id": "1", "name": self.owner, "type": "user"},
            "expose": self.spec.get("expose"),
            **({"durations": counted} if durations else {}),
        }
