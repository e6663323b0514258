"""The process behind an address of this machine, and its memory with all that it has started."""

from __future__ import annotations

import resource
import socket
import subprocess
import sys
import time

import psutil
import pytest
from real_servers import RealServer

from weighbridge.services.endpoint import local_server
from weighbridge.services.endpoint.local_server import listener, local_process
from weighbridge.services.sampling.family import ProcessFamily

_PARENT = """
import subprocess, sys
held = bytearray(b"x" * {mine})
child = subprocess.Popen([sys.executable, "-c", "import sys; held = bytearray(b'x' * {theirs}); print(1, flush=True); "
                          "sys.stdin.read()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
sys.stdin.readline()
child.kill()
child.wait()
print("alone", flush=True)
sys.stdin.read()
"""
MIB = 1024 * 1024


async def test_a_server_on_this_machine_is_found_and_its_memory_read(llama_server: RealServer) -> None:
    process = local_process(llama_server.base_url, time.monotonic)
    assert process is not None
    assert process.pid == llama_server.pid
    sample = await process.read()
    assert sample is not None
    assert sample.rss_bytes > 100 * MIB, "the weights are in it"
    assert local_process(llama_server.base_url.replace("127.0.0.1", "localhost"), time.monotonic) is not None


async def test_what_a_server_did_before_the_job_is_not_of_the_job() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt  # what an absolute count would hold too
        process = local_process(f"http://127.0.0.1:{server.getsockname()[1]}", time.monotonic)
        assert process is not None
        first = await process.read()
        assert first is not None
        assert not first.cpu_s and not first.minor_faults and first.peak_rss_bytes is None
        grown = bytearray(b"x" * (8 * MIB))
        later = await process.read()
        since = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
    assert later is not None and len(grown) and later.rss_bytes
    assert later.minor_faults is None or 0 <= later.minor_faults <= since


@pytest.mark.parametrize("address", ["https://host.example/v1", "http://192.0.2.1:80/v1", "http://127.0.0.1:9/v1"])
def test_no_process_is_made_up(address: str) -> None:
    assert local_process(address, time.monotonic) is None


def test_a_tunnel_is_not_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    name = psutil.Process().name()
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        assert listener(address) == psutil.Process().pid
        assert local_process(address, time.monotonic) is not None
        monkeypatch.setattr(local_server, "_FORWARDERS", frozenset((name,)))
        assert local_process(address, time.monotonic) is None


def test_a_family_is_read_as_one_and_keeps_what_an_ended_child_took() -> None:
    program = _PARENT.format(mine=20 * MIB, theirs=40 * MIB)
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdin is not None and parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        family = ProcessFamily(parent.pid)
        both = family.read()
        assert both is not None
        apart = psutil.Process(parent.pid).memory_info().rss + child.memory_info().rss
        assert abs(both.rss_bytes - apart) < 10 * MIB, "both of them, read a moment apart"
        assert both.peak_rss_bytes is None
        assert "high-water mark" in family.reason("peak_rss_bytes")
        uss = family.unshared().uss_bytes
        assert uss is None or uss > 60 * MIB
        parent.stdin.write("\n")
        parent.stdin.flush()
        parent.stdout.readline()
        alone = family.read()
        assert alone is not None
        assert alone.rss_bytes < both.rss_bytes - 30 * MIB
        assert alone.cpu_s is None or both.cpu_s is None or alone.cpu_s >= both.cpu_s
        assert alone.minor_faults is None or both.minor_faults is None or alone.minor_faults >= both.minor_faults
        parent.stdin.close()
        parent.wait(60)
        assert family.read() is None
