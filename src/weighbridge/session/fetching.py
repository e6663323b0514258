"""The Hub for a session: search, a repository opened for choosing, the model card, the download."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from weighbridge.domain.model.files import HubView
from weighbridge.domain.model.hub import CardText, Query, SearchRow
from weighbridge.domain.run import Run
from weighbridge.session.choosing import Progress

if TYPE_CHECKING:
    from weighbridge.session.session import Session


async def search(session: Session, query: Query) -> tuple[SearchRow, ...]:
    raise NotImplementedError


async def look(session: Session, spec: str) -> HubView:
    raise NotImplementedError


async def download(session: Session, progress: Progress | None, cancelled: threading.Event) -> Run:
    raise NotImplementedError


def card_text(session: Session) -> CardText | None:
    return None
