"""The part of step 3 that asks the Hub: repositories found, then the model files of one. Escape goes back a level."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import OptionList, Static

from weighbridge.domain.model.files import FileRow, HubView
from weighbridge.domain.model.hub import Query, SearchRow
from weighbridge.domain.problems import BadInput
from weighbridge.domain.text import clean_line
from weighbridge.services.model_file import is_hub_spec
from weighbridge.tui.hub_query import limits_words, query_of
from weighbridge.tui.screens.dialogs.ask import AskLine
from weighbridge.tui.widgets.figures import elapsed
from weighbridge.tui.widgets.repo_list import RepoList
from weighbridge.tui.widgets.sheet import Sheet
from weighbridge.tui.widgets.status_line import Notice
from weighbridge.tui.widgets.weights_list import HEADING, WeightsList, file_details
from weighbridge.tui.work.model_jobs import Asking, ModelJobs

if TYPE_CHECKING:
    from weighbridge.tui.app import WeighbridgeApp

Level = Literal["", "repos", "files"]


def found_words(query: Query, count: int) -> str:
    """What was asked, and how much was found."""
    asked = f" for “{query.words}”" if query.words else ""
    limits = limits_words(query)
    if not count:
        return f"Nothing was found{asked}, {limits}. Use fewer words, or change a limit: s z l g."
    many = "1 repository" if count == 1 else f"{count} repositories"
    many = f"The first {many}" if count >= query.limit else many
    return f"{many}{asked}, {limits}"


def view_words(view: HubView) -> str:
    """Which repository at which commit, how old the answer is, and whether access must be asked for."""
    kept = f"kept, as of {view.fetched_at[:10]}" if view.from_cache else f"asked {view.fetched_at[:10]}"
    gate = " · ! gated: ask for access on its page first" if view.gate else ""
    return f"{view.repo} @ {view.revision[:10]} · {kept}{gate}"


class HubPart(Vertical):
    """Asks, and shows what was answered; the screen makes what was chosen the model of the run."""

    DEFAULT_CSS = """
    HubPart { height: 1fr; min-height: 10; display: none; }
    HubPart #hub-note { color: $foreground-muted; }
    HubPart #files-heading { color: $foreground-muted; text-wrap: nowrap; text-overflow: ellipsis; margin-top: 1; }
    HubPart RepoList { margin-top: 1; }
    HubPart #file-detail { max-height: 8; margin-top: 1; }
    .-short HubPart #files-heading, .-short HubPart #file-detail, .-short HubPart RepoList { margin-top: 0; }
    """

    class Answered(Message):
        """The Hub has answered: other keys and hints hold."""

    class Chosen(Message):
        """A model is wanted: org/repo@revision:file, or for a plan its repository. `row`: what is known of the file."""

        def __init__(self, spec: str, row: FileRow | None = None) -> None:
            super().__init__()
            self.spec, self.row = spec, row

    def __init__(self, wizard: WeighbridgeApp, *, id: str) -> None:
        super().__init__(id=id)
        self._wizard = wizard
        self.level: Level = ""
        self._query: Query | None = None
        self._view: HubView | None = None
        self._note = ""
        self.has_found = False
        """Whether the last search found anything."""
        self._asked = self._answered = ""

    def compose(self) -> ComposeResult:
        yield Static(id="hub-note", markup=False)
        yield RepoList(id="repos")
        yield Static(HEADING, id="files-heading", markup=False)
        yield WeightsList(id="files")
        yield Sheet(id="file-detail", label_width=9)

    def on_mount(self) -> None:
        self._go("")

    @property
    def _jobs(self) -> ModelJobs:
        return self._wizard.jobs.model

    # -- asking -------------------------------------------------------------------------------------------------

    def ask(self, typed: str) -> None:
        """Searches for words; opens what is a name or an address. For a plan a typed name is enough as it is."""
        self._wizard.tell(None)
        self._asked = typed
        if not is_hub_spec(typed):
            try:
                self._search(query_of(typed, self._query))
            except BadInput as problem:
                self._wizard.tell(Notice.of(problem))
        elif self._wizard.session.run.planned:
            self.post_message(self.Chosen(typed))
        else:
            self._open(typed)

    def answers(self, typed: str) -> bool:
        """Whether what is shown is the answer to this line, or the line is empty."""
        return not typed.strip() or typed == self._answered

    def _search(self, query: Query) -> None:
        self._jobs.search(query, partial(self._found, query))
        self._say_so()

    def _open(self, spec: str) -> None:
        self._jobs.open(spec, self._opened, partial(self._named, spec))
        self._say_so()

    def _say_so(self) -> None:
        self.say(self._jobs.asking, self._wizard.session.deps.monotonic())

    def _found(self, query: Query, rows: tuple[SearchRow, ...]) -> None:
        if self.is_attached:
            self._query, self._answered = query, self._asked
            self._note, self.has_found = found_words(query, len(rows)), bool(rows)
            self.query_one(RepoList).show(query, rows)
            self._go("repos")

    def _opened(self, view: HubView) -> None:
        if self.is_attached:
            self._view, self._answered = view, self._asked
            self.query_one(WeightsList).show(view)
            self._go("files")

    def _named(self, spec: str) -> None:
        if self.is_attached:
            self.post_message(self.Chosen(spec))

    @on(OptionList.OptionSelected, "#repos")
    def _repo(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._wizard.tell(None)
        self._open(event.option_id or "")

    @on(RepoList.Limited)
    @work
    async def _limited(self, event: RepoList.Limited) -> None:
        query = event.query
        if event.ask_licence:
            question = "Which licence? Its id on the Hub, or the word any."
            licence = await self.app.push_screen_wait(AskLine(question, "apache-2.0", "Enter searches again"))
            if licence is None:
                return
            query = query_of(f"{query.words} licence:{licence.split()[0]}", query)
        self._wizard.tell(None)
        self._search(query)

    # -- showing ------------------------------------------------------------------------------------------------

    def up(self) -> bool:
        """Goes back one level; False where there is none above."""
        if not self.level:
            return False
        self._go("repos" if self.level == "files" and self._query is not None else "")
        return True

    def close(self) -> None:
        """Gives up what is asked, shows nothing, and forgets the search."""
        self._jobs.stop_asking()
        self._query = None
        self._go("")

    def _go(self, level: Level) -> None:
        self.level = level
        self.display = bool(level)
        self.query_one(RepoList).display = level == "repos"
        for selector in ("#files-heading", "#files", "#file-detail"):
            self.query_one(selector).display = level == "files"
        self.say(None, 0.0)
        if level:
            self.query_one(f"#{level}").focus()
            self.post_message(self.Answered())

    def say(self, asking: Asking | None, now: float) -> None:
        """What is shown, or what is being asked and for how long."""
        if asking is not None:
            self.display = True
            words = f"{asking.what} · {elapsed(now - asking.since)} · escape gives up"
        elif self.level == "files" and self._view is not None:
            words = view_words(self._view)
        else:
            self.display = bool(self.level)
            words = self._note
        self.query_one("#hub-note", Static).update(clean_line(words, 400))

    @on(OptionList.OptionHighlighted, "#files")
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        row = self.query_one(WeightsList).row
        if row is not None and self._view is not None:
            self.query_one("#file-detail", Sheet).show(file_details(self._view, row))

    @on(OptionList.OptionSelected, "#files")
    def _file(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.choose()

    def choose(self) -> None:
        """Takes the highlighted file."""
        row = self.query_one(WeightsList).row
        if row is not None and self._view is not None:
            self.post_message(self.Chosen(f"{self._view.repo}@{self._view.revision}:{row.file.name}", row))
