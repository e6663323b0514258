"""32 streams at once on one core: what our client adds to the server's own latency figures. Goal: at most 5 %.

A server in a process of its own (bench/paced.py) sends 32 answers of 128 pieces in step, a piece every 25 ms to each,
and notes when it sent each. Ours is a step of the load test: the client of the endpoint runtime, its telemetry, and
the lines on disk. Raw is a socket that takes what comes, looks for events in it, and notes the time: what no client
can be faster than. Both run on one core, the server on another where there is one; who goes first changes every round.

TTFT, ITL and total are those of all answers of all rounds together: the median and p95 of what each side saw, by the
median and p95 of what the server did in those same rounds. The goal is for ours, and for each of the six. Where the
machine does other work too, `chrt -f 1` before the command (Linux, as root) keeps that out of the figures of all.

    python bench/streams.py [--rounds 10] [--streams 32]
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from weighbridge.domain.load.records import LoadRequest
from weighbridge.domain.proof.events import Failed
from weighbridge.domain.proof.runtime import Launch
from weighbridge.domain.proof.settings import Request, RuntimeSettings
from weighbridge.domain.serving.target import Target
from weighbridge.domain.verdict.stats import percentile
from weighbridge.services.endpoint.openai.runtime import OpenAIRuntime
from weighbridge.services.runs.load_lines import LoadLines
from weighbridge.session.jobs.load_step import StepRun
from weighbridge.session.jobs.proving import WARM_UP

GOAL = 1.05
PIECES, GAP_MS, TTFT_MS = 128, 25, 400
PROMPT = "Say a hundred words about the sea, one after the other, and do not stop before you are through with them."


class Answer(NamedTuple):
    """Seconds of one clock: the request was begun (by the server: read), each piece came (went)."""

    began: float
    pieces: Sequence[float]


class Figures(NamedTuple):
    """Seconds, of all answers."""

    ttft: list[float]
    itl: list[float]
    total: list[float]


def figures(answers: Sequence[Answer]) -> Figures:
    return Figures(
        [one.pieces[0] - one.began for one in answers],
        [later - earlier for one in answers for earlier, later in pairwise(one.pieces)],
        [one.pieces[-1] - one.began for one in answers],
    )


@contextmanager
def paced_server() -> Iterator[int]:
    """The port of a server, on another core than this process where there is one."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    command = [sys.executable, str(Path(__file__).with_name("paced.py")), str(PIECES), str(GAP_MS), str(TTFT_MS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            if cores:
                os.sched_setaffinity(server.pid, cores[1:] or cores)
                os.sched_setaffinity(0, cores[:1])
            assert server.stdout is not None
            yield int(server.stdout.readline())
        finally:
            server.kill()


def stamps(port: int) -> list[Answer]:
    """What the server did since it was asked last."""
    asked = http.client.HTTPConnection("127.0.0.1", port)
    asked.request("GET", "/stamps")
    found: list[dict[str, Any]] = json.loads(asked.getresponse().read())
    asked.close()
    return [Answer(one["read"], one["sent"]) for one in found]


async def ours(port: int, streams: int) -> list[Answer]:
    """One step of the load test."""
    target = Target(api="openai", base_url=f"http://127.0.0.1:{port}/v1", model="paced")
    settings = RuntimeSettings(max_tokens=PIECES)
    launch = Launch(model_path="", model_sha256="", settings=settings, log_path="", target=target)
    runtime = OpenAIRuntime(launch, time.monotonic)
    found: list[LoadRequest] = []
    with tempfile.TemporaryDirectory() as folder:
        lines = LoadLines(Path(folder))
        try:
            async for event in runtime.start():
                assert not isinstance(event, Failed), event.message
            async for _ in runtime.generate(WARM_UP):
                pass
            stamps(port)

            def keep(line: LoadRequest) -> None:
                lines.append(line)
                found.append(line)

            asked = [Request(id=f"r{n}", prompt=PROMPT, case="sea", under_load=True) for n in range(streams)]
            step = StepRun("load-bench", streams, asked, runtime, time.monotonic, float("inf"), keep)
            async for _ in step.run():
                pass
        finally:
            await runtime.stop()
            lines.close()
    assert all(line.answered and len(line.t_pieces) == PIECES for line in found), found[0].error
    return [Answer(line.t_start, line.t_pieces) for line in found]


class Raw(asyncio.Protocol):
    """Sends one request, and notes when each event with text came."""

    def __init__(self, request: bytes) -> None:
        self._request, self._rest = request, b""
        self.began, self.pieces = 0.0, list[float]()
        self.over = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.began = time.monotonic()
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        *whole, self._rest = (self._rest + data).split(b"\n\n")
        self.pieces += [now] * sum(b'"content"' in event for event in whole)
        if len(self.pieces) == PIECES and not self.over.done():
            self.over.set_result(None)


async def raw(port: int, streams: int) -> list[Answer]:
    """As many sockets."""
    body = json.dumps({"model": "paced", "messages": [{"role": "user", "content": PROMPT}], "stream": True}).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    loop = asyncio.get_running_loop()
    opened = await asyncio.gather(
        *(loop.create_connection(lambda: Raw(head + body), "127.0.0.1", port) for _ in range(streams))
    )
    await asyncio.gather(*(one.over for _, one in opened))
    for transport, _ in opened:
        transport.close()
    return [Answer(one.began, one.pieces) for _, one in opened]


def report(name: str, seen: Sequence[Answer], sent: Sequence[Answer]) -> float:
    """Prints each figure of one side beside the server's. The worst ratio."""
    worst = 0.0
    for field, ours_, servers in zip(Figures._fields, figures(seen), figures(sent), strict=True):
        for share in (0.5, 0.95):
            a, b = percentile(ours_, share), percentile(servers, share)
            assert a is not None and b is not None
            worst = max(worst, a / b)
            what = f"{field.upper() if field != 'total' else field} {'median' if share == 0.5 else 'p95'}"
            print(f"{name:5} {what:12} {1000 * a:9.2f} ms, the server's {1000 * b:9.2f} ms: {a / b:.4f}")
    return worst


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--streams", type=int, default=32)
    args = parser.parse_args()
    sides = (("ours", ours), ("raw", raw))
    seen: dict[str, list[Answer]] = {name: [] for name, _ in sides}
    sent: dict[str, list[Answer]] = {name: [] for name, _ in sides}
    cpu = dict.fromkeys(seen, 0.0)
    with paced_server() as port:
        for number in range(args.rounds):
            for name, side in sides if number % 2 == 0 else sides[::-1]:
                stamps(port)
                before = time.process_time()
                seen[name] += asyncio.run(side(port, args.streams))
                cpu[name] += time.process_time() - before
                sent[name] += stamps(port)
            print(f"round {number + 1} of {args.rounds}", flush=True)
    worst = {name: report(name, seen[name], sent[name]) for name in seen}
    pieces = args.rounds * args.streams * PIECES
    for name, used in cpu.items():
        print(f"{name:5} processor time a piece: {1e6 * used / pieces:.0f} microseconds (start and end included)")
    print(f"worst of ours {worst['ours']:.4f}, of raw {worst['raw']:.4f}; goal: ours at most {GOAL}")
    return 0 if worst["ours"] <= GOAL else 1


if __name__ == "__main__":
    raise SystemExit(main())
