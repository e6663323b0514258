"""A whole five-case eval beside the same prompts sent to `llama_cpp.server` by plain HTTP. Goal: 1.2 times as fast.

    python bench/server.py [ROUNDS] [--threads 1] [--server-packages FOLDER]

The server needs packages that weighbridge does not: `uv pip install --target FOLDER uvicorn fastapi pydantic-settings
sse-starlette starlette-context` puts them into a folder of their own.

Ours is the eval of a session: events on disk, memory sampled, answers marked, the shutdown waited for. Theirs is a
process with the same model, settings and threads, in safe mode too where the processor has AMX, in the environment of
this shell, that gets one prompt after the other with the same max_tokens at temperature 0. In turns, and who goes first
changes every round.

cold    the built-in cases, ours without prefix reuse. The server has no switch for its prefix cache, so between two
        prompts it gets another one of a single token that shares no beginning; the time of that one does not count.
kept    the built-in cases as they come: they share the beginning of the chat template. Ours with prefix reuse.
shared  five questions about one long text, ours with prefix reuse. Its check is a part of the time, here as above.

The server's own default of a repeat penalty (1.1) is asked not to be used: both then take the likeliest token, and
write the same answers unless another batch shape tips one. Both token counts are printed, and the ratio by token.

`answers`: from the first prompt to the last answer with everything loaded and warmed up. `whole`: with start and load;
ours includes its warm-up and the shutdown of the engine. The goal is for each of these.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from bare import mode_here

from weighbridge.domain.intents import ChangeSetting, Confirm, UsePack
from weighbridge.domain.proof.events import Completed, RequestStarted
from weighbridge.domain.steps import ORDER
from weighbridge.domain.verdict.cases import Case, CasePack
from weighbridge.domain.verdict.graders import Includes
from weighbridge.services import bundled
from weighbridge.services.cases.packs import built_in_pack
from weighbridge.services.engine.mode_memory import remember
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Session, real_deps
from weighbridge.session.jobs.proving import WARM_UP

GOAL = 1.2
N_CTX, MAX_TOKENS = 2048, 64
START = """
import sys
import llama_cpp.llama_cpp as C
if sys.argv.pop(1) == "safe":
    original = C.llama_model_default_params
    def safe():
        params = original()
        params.use_extra_bufts = False
        return params
    C.llama_model_default_params = safe
from llama_cpp.server.__main__ import main
main()
"""
TEXT = " ".join(
    f"Ferry {number} leaves the {side} bank at {hour} o'clock with {number * 7} seats and {number + 3} lorries."
    for number, (side, hour) in enumerate([(s, h) for h in (6, 8, 10, 12, 14, 16) for s in ("east", "west")], 1)
)
QUESTIONS = (
    "How many seats does ferry 2 have?",
    "When does ferry 5 leave?",
    "Which bank does ferry 4 leave from?",
    "How many lorries does ferry 7 take?",
    "Which ferry leaves last?",
)


class Run(NamedTuple):
    """One eval: seconds of the answers and of the whole, and tokens written."""

    answers_s: float
    whole_s: float
    tokens: int


def packs() -> dict[str, CasePack]:
    cases = (
        Case(id=f"q{at}", context=TEXT, prompt=question, grader=Includes(kind="includes", target="ferry"))
        for at, question in enumerate(QUESTIONS, 1)
    )
    built_in = built_in_pack()
    return {"cold": built_in, "kept": built_in, "shared": CasePack(id="shared", case=tuple(cases))}


async def ours(home: Path, pack: CasePack, threads: int, reuse: bool) -> Run:
    """The eval of a fresh run."""
    remember(home, mode_here())
    session = Session.create(RunStore(home), real_deps(home))
    changes = {"n_threads": threads, "n_ctx": N_CTX, "max_tokens": MAX_TOKENS, "prefix_reuse": str(reuse).lower()}
    for name, value in changes.items():
        session.apply(ChangeSetting(field=name, value=str(value)))
    await session.choose_model("bundled")
    session.apply(UsePack(pack=pack))
    for step in ORDER[:5]:
        session.apply(Confirm(step=step))
    began = time.perf_counter()
    events = [event async for event in session.evaluate()]
    whole = time.perf_counter() - began
    await session.close()
    done = [event for event in events if isinstance(event, Completed) and not event.warmup]
    if len(done) != len(pack.case):
        raise SystemExit(f"The eval gave {len(done)} answers to {len(pack.case)} cases.")
    warmed = next(event.t for event in events if isinstance(event, Completed) and event.warmup)
    assert [event.prompt for event in events if isinstance(event, RequestStarted)][1:] == prompts(pack)
    return Run(done[-1].t - warmed, whole, sum(event.output_tokens or 0 for event in done))


def prompts(pack: CasePack) -> list[str]:
    return [case.full_prompt for case in pack.case]


@contextmanager
def server(packages: str, threads: int, log: Path) -> Iterator[int]:
    """A server that answers; its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    options = {
        "model": bundled.find().path, "host": "127.0.0.1", "port": port, "n_ctx": N_CTX, "n_batch": 512,
        "n_threads": threads, "n_threads_batch": threads, "verbose": "false",
    }  # fmt: skip
    command = [sys.executable, "-c", START, mode_here()]
    command += [word for name, value in options.items() for word in (f"--{name}", str(value))]
    environment = {**os.environ, "PYTHONPATH": packages}
    with log.open("ab") as output, subprocess.Popen(command, stdout=output, stderr=output, env=environment) as process:
        try:
            while not _answers(port):
                if process.poll() is not None:
                    raise SystemExit(f"The server ended: {log.read_text(errors='replace')[-400:]}")
                time.sleep(0.02)
            yield port
        finally:
            process.kill()


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def ask(port: int, prompt: str, max_tokens: int) -> int:
    """Sends one prompt and reads the answer; its tokens."""
    messages = [{"role": "user", "content": prompt}]
    return post(port, "/v1/chat/completions", {"messages": messages, "max_tokens": max_tokens})


def post(port: int, path: str, asked: dict[str, Any]) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    body = json.dumps(asked | {"temperature": 0, "seed": 1234, "repeat_penalty": 1.0})
    connection.request("POST", path, body, {"Content-Type": "application/json"})
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return int(answer["usage"]["completion_tokens"])


class Server(NamedTuple):
    """How the server is run. `forget`: its prefix cache is emptied between two prompts."""

    packages: str
    threads: int
    log: Path
    forget: bool

    def eval(self, pack: CasePack, warm: bool) -> Run:
        """`answers_s` counts behind the warm-up, where there is one."""
        began = time.perf_counter()
        with server(self.packages, self.threads, self.log) as port:
            if warm:
                ask(port, WARM_UP.prompt, WARM_UP.max_tokens or 8)
            first, aside, tokens = time.perf_counter(), 0.0, 0
            for case in pack.case:
                if self.forget:
                    start = time.perf_counter()
                    post(port, "/v1/completions", {"prompt": "a", "max_tokens": 1})
                    aside += time.perf_counter() - start
                tokens += ask(port, case.full_prompt, case.max_tokens or MAX_TOKENS)
            end = time.perf_counter()
        return Run(end - first - aside, end - began - aside, tokens)


def pair(number: int, home: Path, name: str, pack: CasePack, options: argparse.Namespace) -> tuple[Run, Run]:
    """One round: ours and theirs."""
    other = Server(options.server_packages, options.threads, home / "server.log", name == "cold")

    def theirs() -> Run:
        return other.eval(pack, warm=True)._replace(whole_s=other.eval(pack, warm=False).whole_s)

    first = None if number % 2 else theirs()
    mine = asyncio.run(ours(home, pack, options.threads, name != "cold"))
    return mine, first or theirs()


def told(name: str, pairs: list[tuple[Run, Run]]) -> bool:
    """Prints medians and ratios; whether the goal is met."""
    met = True
    for what, at in (("answers", 0), ("whole", 1)):
        ratios = sorted(b[at] / a[at] for a, b in pairs)
        print(f"{name}, {what}: ours {median(a[at] for a, _ in pairs):.2f} s,", end=" ")
        print(f"server {median(b[at] for _, b in pairs):.2f} s; {median(ratios):.2f} times as fast", end=" ")
        print(f"({ratios[0]:.2f}-{ratios[-1]:.2f}); goal: {GOAL}")
        met &= median(ratios) >= GOAL
    by_token = median((b.answers_s / b.tokens) / (a.answers_s / a.tokens) for a, b in pairs)
    ours_tokens, their_tokens = (sorted({run.tokens for run in side}) for side in zip(*pairs, strict=True))
    print(f"{name}: tokens written {ours_tokens} and {their_tokens}; by token {by_token:.2f} times as fast", flush=True)
    return met


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("rounds", type=int, nargs="?", default=10)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--server-packages", default="")
    options = parser.parse_args()
    met = True
    with tempfile.TemporaryDirectory() as folder:
        for name, pack in packs().items():
            pairs = []
            for number in range(options.rounds):
                pairs.append(pair(number, Path(folder), name, pack, options))
                (a, b) = pairs[-1]
                print(f"{name}: ours {a.answers_s:.2f} s, whole {a.whole_s:.2f} s;", end=" ")
                print(f"server {b.answers_s:.2f} s, whole {b.whole_s:.2f} s", flush=True)
            met &= told(name, pairs)
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main())
