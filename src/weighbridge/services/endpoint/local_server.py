"""The process behind an address of this machine, and its memory: what a server on another machine never shows."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import psutil

from weighbridge.domain.proof.runtime import Clock
from weighbridge.domain.proof.samples import Sample
from weighbridge.domain.text import clean_line
from weighbridge.services.sampling.family import ProcessFamily
from weighbridge.services.sampling.sampler import Sampler

_FORWARDERS = frozenset(
    ("ssh", "sshd", "docker-proxy", "com.docker.backend", "rootlessport", "gvproxy", "kubectl", "wslrelay", "socat")
)
"""Programs that listen here and hand on to a server elsewhere: their memory says nothing of it."""
_COUNTERS = ("minor_faults", "major_faults", "cpu_s", "run_delay_s", "involuntary_switches")
"""Cumulative fields of a sample: of the whole life of a process."""
_EVERYWHERE = ("0.0.0.0", "::", "*")


class LocalProcess:
    """A process of this machine that listens, with all that it has started: a Telemetry that gives `Sample`s.

    `ran_before`: it is older than the job. Counters then count from the first reading, and its own high-water mark,
    which may be of anything before the job, is left out.
    """

    def __init__(self, pid: int, name: str, clock: Clock, *, ran_before: bool = False) -> None:
        self.pid = pid
        self.name = name
        """Of its program, cleaned."""
        self._sampler = Sampler(pid, clock, ProcessFamily(pid))
        self._ran_before = ran_before
        self._first: Sample | None = None

    async def read(self) -> Sample | None:
        """The reading of this moment; None where the process is gone. Read beside the event loop: it may block."""
        return await asyncio.to_thread(self._read)

    def _read(self) -> Sample | None:
        if self._sampler.closer_due():
            self._sampler.look_closer()
        sample = self._sampler.sample()
        return self._of_the_job(sample) if sample is not None and self._ran_before else sample

    def _of_the_job(self, sample: Sample) -> Sample:
        """Counters since the first reading; one that either of the two readings lacks is not known."""
        self._first = first = self._first or sample
        pairs = {name: (getattr(sample, name), getattr(first, name)) for name in _COUNTERS}
        since = {
            name: None if new is None or old is None else type(new)(round(max(0, new - old), 6))
            for name, (new, old) in pairs.items()
        }
        return sample.model_copy(update={**since, "peak_rss_bytes": None})


def local_process(base_url: str, clock: Clock) -> LocalProcess | None:
    """The process that listens at a loopback address, with a sampler of its own.

    None: the address is not of this machine, nobody listens, the system does not tell who does (another person's
    process), or it only hands on to a server elsewhere (a tunnel, a container's proxy). Blocks for a moment.
    """
    pid = listener(base_url)
    if pid is None:
        return None
    try:
        name = clean_line(psutil.Process(pid).name(), 60)
    except (psutil.Error, OSError):
        return None
    return None if name.removesuffix(".exe") in _FORWARDERS else LocalProcess(pid, name, clock, ran_before=True)


def listener(base_url: str) -> int | None:
    """The id of the process that listens at a loopback address, where the system tells it."""
    parts = urlsplit(base_url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if not is_loopback(parts.hostname or ""):
        return None
    try:
        connections = psutil.net_connections("tcp")
    except (psutil.Error, OSError):
        return None
    pids = {
        connection.pid
        for connection in connections
        if connection.status == psutil.CONN_LISTEN and _is_here(connection.laddr, port)
    }
    known = sorted(pid for pid in pids if pid)
    return known[0] if known else None


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by its loopback address or the name localhost."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _is_here(address: Sequence[Any], port: int) -> bool:
    """Whether a socket's address (empty, or IP and port) can be reached at loopback."""
    return len(address) > 1 and address[1] == port and (address[0] in _EVERYWHERE or is_loopback(address[0]))
