"""A terminal that goes away without a signal ends the wizard too, instead of leaving it to run for nobody.

Closing a window sends SIGHUP, but only to the terminal's own session. Elsewhere the wizard would wait for ever on a
terminal that nobody reads, hold its run locked and keep its engine alive.
"""

from __future__ import annotations

import os
import threading
import time

EVERY_S = 1.0
EXIT_STATUS = 129
"""128 + SIGHUP, as a shell reports it."""


def watch_terminal() -> None:
    """Ends the process within about a second after its terminal is gone.

    At once and from a thread, because the main thread may be stuck writing to it. Nothing is lost: what was shown
    as done is on disk, the lock is the kernel's, and the engine's child ends with its parent.
    """
    if os.isatty(0):
        threading.Thread(target=_watch, name="terminal-watch", daemon=True).start()


def _watch() -> None:
    while os.isatty(0):
        time.sleep(EVERY_S)
    os._exit(EXIT_STATUS)
