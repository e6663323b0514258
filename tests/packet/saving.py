"""A save that is killed, or that meets a full disk: run as a program, apart from the tests.

saving.py SOURCE TARGET write     kills a save before each file, folder and rename in turn: what is left?
saving.py SOURCE TARGET replace   the same for the steps that put a packet in the place of an earlier one
saving.py SOURCE TARGET limit     saves with a limit on the size of a file
"""

from __future__ import annotations

import os
import pickle
import resource
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from weighbridge.domain.problems import Problem
from weighbridge.domain.verdict.graders import grade
from weighbridge.services.cases import marking
from weighbridge.services.packet_io import place, write
from weighbridge.services.packet_io.evidence import PacketSource
from weighbridge.services.packet_io.verify import verify_packet
from weighbridge.services.packet_io.write import write_packet

STEPS: dict[str, tuple[tuple[Any, str], ...]] = {
    "write": ((os, "fsync"), (os, "mkdir"), (os, "rename")),
    "replace": ((place, "_exchange"), (os, "rename"), (os, "rmdir"), (os, "unlink")),
}


def main() -> None:
    source: PacketSource = pickle.loads(Path(sys.argv[1]).read_bytes())
    target, how = Path(sys.argv[2]), sys.argv[3]
    if how in STEPS:
        kill_everywhere(source, target, STEPS[how])
        return
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
    try:
        write_packet(target, source)
    except Problem as problem:
        print(problem.exit_code, problem)


def kill_everywhere(source: PacketSource, target: Path, steps: tuple[tuple[Any, str], ...]) -> None:
    """Prints `absent`, `whole` or what is wrong after each killed save, then `done` after one that came through."""
    _payload_once(source)
    found: dict[tuple[tuple[str, bytes], ...], str] = {}
    for point in range(1, 1000):
        for left in target.parent.glob(".weighbridge-*"):
            shutil.rmtree(left)  # sweeping it would take steps of the next save
        child = os.fork()
        if child == 0:
            dies_at(point, steps)
            write_packet(target, source)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not target.exists():
            print("absent")
        else:
            held = tuple(sorted((str(path), path.read_bytes()) for path in target.rglob("*") if path.is_file()))
            if held not in found:
                wrong = [check.detail for check in verify_packet(target).checks if not check.ok]
                found[held] = str(wrong or "whole")
            print(found[held])
        if os.WIFEXITED(status):
            print("done", os.WEXITSTATUS(status))
            return


def _payload_once(source: PacketSource) -> None:
    """The files of the packet are made before the forks, so that each of them only writes."""
    made: list[dict[str, str]] = []
    make = vars(write)["payload"]

    def once(*given: Any) -> dict[str, str]:
        made.append(make(*given) if not made else made[0])
        return made[0]

    setattr(write, "payload", once)  # noqa: B010
    with tempfile.TemporaryDirectory() as folder:
        write_packet(Path(folder) / "packet", source)


def dies_at(point: int, steps: tuple[tuple[Any, str], ...]) -> None:
    """Kills this process just before the `point`-th of the steps that change the disk."""
    taken = 0

    def before(step: Callable[..., Any]) -> Callable[..., Any]:
        def taking(*args: Any, **more: Any) -> Any:
            nonlocal taken
            taken += 1
            if taken == point:
                os.kill(os.getpid(), signal.SIGKILL)
            return step(*args, **more)

        return taking

    for module, name in steps:
        setattr(module, name, before(getattr(module, name)))


if __name__ == "__main__":
    marking._apart = lambda work: [grade(case.grader, output) for case, output in work]
    main()
