"""Floor 2: the one execution core. What one front end can do, the other can: it is here."""

from weighbridge.session.deps import Deps, real_deps
from weighbridge.session.session import Session

__all__ = ["Deps", "Session", "real_deps"]
