"""One connection to the fake service: the Jobs API beside the Hub's own."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from fakehub.fake_handler import Handler, Refusal
from fakehub.fake_log import Call

from fakejobs.fake_job import FakeJob, stamp

if TYPE_CHECKING:
    from fakejobs.fake_jobs import FakeJobs

LOST = 599
"""A fault with this status does what was asked, and breaks off instead of an answer."""
_METRICS = {
    "cpu_usage_pct": 40, "cpu_millicores": 8000, "memory_used_bytes": 5_000_000_000,
    "memory_total_bytes": 30_000_000_000, "rx_bps": 0, "tx_bps": 0, "replica": "aaaaa",
    "gpus": {"g0": {"utilization": 55, "memory_used_bytes": 20_000_000_000, "memory_total_bytes": 24_000_000_000}},
}  # fmt: skip


class JobsHandler(Handler):
    """`hub` is the FakeJobs that it belongs to."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if not parts.path.startswith(("/api/jobs", "/api/whoami-v2")):
            return super().do_GET()
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.call = Call(self.command, self.path, headers, self.headers.get("Host", ""))
        self.fault = self.hub.fault_for(self.call)
        self.hub.log.add(self.call)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            if self.fault.status is not None and self.fault.status != LOST:
                raise Refusal(self.fault.status, self.fault.error_code, self.fault.error_message)
            answer = self._jobs_answer(parts.path, parse_qsl(parts.query), json.loads(body) if body else {})
        except Refusal as refusal:
            return self._json({"error": str(refusal)}, refusal.status, refusal.headers)
        except OSError:
            self.close_connection = True
            return None
        if self.fault.status == LOST:
            self.close_connection = True
        elif answer is not None:
            self._json(answer)
        return None

    do_POST = do_HEAD = do_GET

    @property
    def service(self) -> FakeJobs:
        return self.hub  # type: ignore[return-value]

    def _jobs_answer(self, path: str, query: list[tuple[str, str]], body: dict[str, Any]) -> Any:
        service = self.service
        if path == "/api/jobs/hardware":
            return [_hardware(name, micro) for name, micro in service.micro_usd.items()]
        if self.headers.get("Authorization") != f"Bearer {service.token}":
            raise Refusal(401, "", "Invalid credentials in Authorization header")
        if path == "/api/whoami-v2":
            return {"name": service.account, "type": "user"}
        owner, job_id, what = [*path.split("/")[3:], "", "", ""][:3]
        if owner != service.account:
            raise Refusal(403, "", "not your namespace")
        if self.command == "POST" and not job_id:
            time.sleep(service.latency_s)
            info = service.add_job(body, owner).info(service.durations)
            time.sleep(service.latency_s)
            return info
        if not job_id:
            with service.lock:
                return [job.info(service.durations) for job in service.jobs.values() if job.matches(query)]
        job = service.jobs.get(job_id)
        if job is None:
            raise Refusal(404, "", "no such job")
        return self._of_job(job, what)

    def _of_job(self, job: FakeJob, what: str) -> Any:
        service = self.service
        if what == "cancel":
            job.cancels += 1
            if service.cancel_works:
                service.end(job, "CANCELED")
            return {}
        if what in ("logs", "metrics"):
            if what == "metrics" and job.over:
                raise Refusal(406, "", "the job is over")
            return self._stream(job, what)
        with service.lock:
            return job.info(service.durations)

    def _stream(self, job: FakeJob, what: str) -> None:
        """Server-sent events until the job is over or the other side is gone."""
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        told = 0
        while True:
            over = job.over
            if what == "metrics":
                self._event("metric", _METRICS)
            for line in job.log[told:] if what == "logs" else ():
                self._event("log", {"timestamp": stamp(job.created), "data": line})
                told += 1
            if over or self.hub.stopped.is_set():
                return
            time.sleep(0.05)

    def _event(self, name: str, data: dict[str, Any]) -> None:
        self.wfile.write(f"event: {name}\ndata: {json.dumps(data)}\n\n".encode())
        self.wfile.flush()


def _hardware(name: str, micro: int) -> dict[str, Any]:
    number = name[3:] if name.startswith("l4x") else ""
    vram = f"{24 * int(number or 0)} GB"
    gpu = {"type": "gpu", "model": "L4", "quantity": number, "vram": vram, "manufacturer": "Nvidia"}
    return {
        "name": name,
        "prettyName": name.upper(),
        "cpu": "8 vCPU",
        "ram": "30 GB",
        "accelerator": gpu if number else None,
        "unitCostMicroUSD": micro,
        "unitCostUSD": micro / 1e6,
        "unitLabel": "minute",
    }
