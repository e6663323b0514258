"""Runs a server that must not outlive weighbridge: `python -P -m ...transformers.lifeline PARENT COMMAND...`

On Linux this process asks the kernel to be killed when its parent ends, and then becomes the command: the process id
is the server's. Elsewhere it stays beside the server, and ends it when standard input, a pipe of the parent's, closes.
PYTHONPATH is ours, by which this module is found, and not handed on.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading

from weighbridge.services.engine.child_guard import die_with_parent, limit_resources

NO_PARENT = 70
"""Exit code where the parent was gone before the server was started."""


def main(arguments: list[str]) -> int:
    """The exit code of the command, where it comes back at all."""
    parent, command = int(arguments[0]), arguments[1:]
    limit_resources(None)
    if not die_with_parent(parent):
        return NO_PARENT
    os.environ.pop("PYTHONPATH", None)
    if sys.platform == "linux":
        os.execv(command[0], command)
    return _beside(command)


def _beside(command: list[str]) -> int:
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    threading.Thread(target=_end_with_input, args=(server,), daemon=True).start()
    return server.wait()


def _end_with_input(server: subprocess.Popen[bytes]) -> None:
    while sys.stdin.buffer.read(1024):
        pass
    server.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
