"""What the Hub's services say while somebody waits: records of one logger, which a front end may show.

Without a handler nothing is shown: the full screen has its own words for a transfer that stands still.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

LOG = logging.getLogger("weighbridge.hub")
SLOW_S = 2.0
"""After so many seconds without an answer the person is told what is waited for."""


@contextmanager
def told_when_slow(about: str) -> Iterator[None]:
    """Says once that the Hub is waited for, if what is inside takes long. `about`: what is asked for, cleaned."""
    timer = threading.Timer(SLOW_S, LOG.info, ("waiting for the Hub: %s", about))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
