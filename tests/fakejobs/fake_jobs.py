"""The service: a fake Hub that rents machines too. Jobs live here, and outlive whoever started them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Self

from fakehub.fake_hub import FakeHub

from fakejobs.fake_handler import JobsHandler
from fakejobs.fake_job import FakeJob
from fakejobs.fake_server import LightServer, Server

TICK_S = 0.01


class FakeJobs(FakeHub):
    """Everything may be changed while it runs. `speed`: seconds of a job's clock in one real second."""

    def __init__(self, port: int = 0, speed: float = 1.0) -> None:
        super().__init__(port)
        self.speed = speed
        self.token = "hf_" + "a" * 34
        self.account = "tester"
        self.tokens[self.token] = set()
        self.micro_usd = {"cpu-basic": 167, "l4x1": 13_333, "l4x4": 63_333}
        """Price a minute in millionths of a dollar, by the name of the hardware."""
        self.server: Callable[[str, str], Server] = LightServer
        """Makes what a job serves, from the model's name and the token."""
        self.starts_after_s: float | None = 0.0
        """Seconds until a job runs; None: never."""
        self.fails: str = ""
        """Jobs end with ERROR and this message as soon as they run."""
        self.ready = True
        """False: servers say 503 for ever."""
        self.cap_kept = True
        """False: the time limit of a job is not enforced."""
        self.cancel_works = True
        self.serves_after_end = False
        """True: an endpoint goes on to answer after its job is over."""
        self.durations = True
        """False: the API does not count seconds."""
        self.latency_s = 0.0
        """Each way, for the start of a job."""
        self.jobs: dict[str, FakeJob] = {}
        self.lock = threading.RLock()
        self._clock: threading.Thread | None = None

    def add_job(self, spec: dict[str, Any], owner: str) -> FakeJob:
        """As a POST makes it."""
        with self.lock:
            job = FakeJob(spec, owner, self.speed)
            self.jobs[job.id] = job
            return job

    def living(self) -> list[FakeJob]:
        """Jobs that cost money at this moment, or will."""
        with self.lock:
            return [job for job in self.jobs.values() if not job.over]

    def end(self, job: FakeJob, stage: str, message: str | None = None, at: float | None = None) -> None:
        """Ends a job as the service itself would: `stage` one of COMPLETED, CANCELED, ERROR; `at`: now, or then."""
        with self.lock:
            if not job.over:
                job.end(stage, message, not self.serves_after_end, at)

    def environment(self, home: object) -> Mapping[str, str]:
        return {**super().environment(home), "HF_TOKEN": self.token}

    def start(self) -> Self:
        super().start()
        assert self._server is not None
        self._server.RequestHandlerClass = JobsHandler
        self._clock = threading.Thread(target=self._tick, daemon=True)
        self._clock.start()
        return self

    def stop(self) -> None:
        super().stop()
        if self._clock is not None:
            self._clock.join(10)
        for job in self.jobs.values():
            if job.server is not None:
                job.server.close()
                job.server = None

    def _tick(self) -> None:
        while not self.stopped.wait(TICK_S):
            with self.lock:
                for job in self.living():
                    self._advance(job)

    def _advance(self, job: FakeJob) -> None:
        waited = self.starts_after_s is not None and job.age_s >= self.starts_after_s
        if job.stage == "SCHEDULING" and waited:
            job.run()
            if self.fails:
                job.log += ["Loading weights", self.fails]
                self.end(job, "ERROR", self.fails)
                return
            job.server = self.server(job.model, self.token)
            job.log += ["===== Job started", f"serving {job.model}"]
        if isinstance(job.server, LightServer):
            job.server.ready = self.ready
        if self.cap_kept and job.out_of_time:
            self.end(job, "ERROR", "Job timeout", job.due)
