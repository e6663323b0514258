"""Work that outlives a screen: every failure becomes a notice, and nothing that goes wrong ends the program."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Coroutine
from typing import Any

from textual.app import App
from textual.worker import Worker

from weighbridge.domain.problems import Problem
from weighbridge.session.session import Session
from weighbridge.tui.widgets.status_line import Notice

ERROR_LOG = "logs/wizard-errors.log"


class Guard:
    """`tell` shows a notice, `changed` redraws what depends on whether something runs."""

    def __init__(
        self, app: App[int], session: Session, tell: Callable[[Notice], None], changed: Callable[[], None]
    ) -> None:
        self._app, self.session = app, session
        self.tell, self.changed = tell, changed

    def work(self, work: Coroutine[Any, Any, None], group: str, *, exclusive: bool = False) -> Worker[None]:
        """Starts work. `exclusive`: what runs in its group is given up first."""
        return self._app.run_worker(self._guarded(work), group=group, exclusive=exclusive, exit_on_error=False)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Problem as problem:
            self.tell(Notice.of(problem))
        except Exception as error:
            self.tell(Notice(*self._noted(error), "problem"))
        finally:
            self.changed()

    def _noted(self, error: Exception) -> tuple[str, str]:
        """Sentence and hint for an error that nobody foresaw; its traceback goes to a file of the run."""
        sentence = f"Something unforeseen went wrong ({type(error).__name__})."
        path = self.session.folder / ERROR_LOG
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8") as log:
                log.write(f"{self.session.deps.now()}\n{''.join(traceback.format_exception(error))}\n")
        except OSError:
            return sentence, "The details could not be written to the run's folder."
        return sentence, f"The details are in the run's folder, {ERROR_LOG}."
