"""Step 5 on a rented GPU: what to rent, its price, what the cap buys; how far it is, and the proof of its stop."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import get_args

from textual import on
from textual.app import ComposeResult
from textual.widget import Widget
from textual.widgets import RadioSet, Static

from weighbridge.domain import intents as want
from weighbridge.domain.run import Run
from weighbridge.domain.serving.billing import earlier_usd
from weighbridge.domain.serving.plan import ServePlan
from weighbridge.domain.serving.rental import Engine, Hardware
from weighbridge.domain.serving.rental_words import both_prices, buys_words, hardware_words, told
from weighbridge.tui.screens.parts.part import Part
from weighbridge.tui.screens.parts.plan import PlanPart
from weighbridge.tui.screens.parts.settings import OF_A_SERVER, own_settings, row, setting_rows, time_limit_row
from weighbridge.tui.widgets.field import Field
from weighbridge.tui.widgets.radio import Radio
from weighbridge.tui.widgets.sheet import Row, Sheet, Tone

ENGINES = get_args(Engine)
RUNTIMES: dict[Engine, str] = {"vllm": "vLLM", "sglang": "SGLang"}
"""What the decision table calls them."""
SERVE = {
    "hardware": ("Hardware", "f3 lists them, with prices"),
    "max_model_len": ("Context", "tokens, prompt and answer"),
    "cap_usd": ("Cap", "US dollars for the whole run"),
}
MORE = {
    "gpu_memory_gb": ("GPU memory", "GB, if the Hub does not tell"),
    "hours": ("Hours", "an export runs at most"),
    "image": ("Image", "empty: the pinned one"),
}
"""What is rarely typed of a rental: `f2` shows it, with the settings of a request."""
ENDS = ("Stop", "Cost")
SOURCES = {"hf_jobs_api": "from the provider's list", "user_typed": "as you typed it"}


def chosen_hardware(run: Run, listed: tuple[Hardware, ...]) -> Hardware | None:
    """What is chosen to be rented, as the provider listed it; else as the last order of this run had it."""
    ordered = (run.rental.order.hardware,) if run.rental is not None else ()
    return next((one for one in (*listed, *ordered) if one.name == run.serve.hardware), None)


def price_rows(run: Run, listed: tuple[Hardware, ...]) -> Iterator[Row]:
    """The price of what is chosen, with its source, and what the cap buys."""
    one = chosen_hardware(run, listed)
    price = one.price if one is not None else None
    if one is None:
        chosen = (
            f"{run.serve.hardware}: its price is asked for at the start" if run.serve.hardware else "none is chosen"
        )
        yield Row("Machine", chosen, "muted")
    else:
        source = f", {SOURCES[price.source]}, {price.retrieved_at[:10]}" if price else ""
        yield Row("Machine", f"{one.name}: {hardware_words(one)}")
        yield Row("Price", f"{both_prices(price)}{source}")
    words = buys_words(run.serve.cap_usd, price, spent_before(run))
    yield Row("The cap", words, "warn" if words.startswith("!") else "text")


def spent_before(run: Run) -> float:
    """What of the cap was spent before the rental that is under way, or is to come."""
    rental = run.rental
    return rental.order.earlier_usd if rental is not None and not rental.over else earlier_usd(run.rentals)


def rental_rows(run: Run, now: str) -> Iterator[Row]:
    """The rental of this run, as far as it has come."""
    if run.rental is None:
        return
    for name, value in told(run.rental, now):
        yield Row(name, value, _tone(name, run.rental.over))


def _tone(name: str, over: bool) -> Tone:
    if name == "Stop":
        return "good" if over else "bad"
    return "warn" if name.startswith("!") else "text"


class RentalPart(Part):
    """The plan of the rental and its course; below it what is typed where nothing is rented from here."""

    def compose(self) -> ComposeResult:
        run = self._at_start
        engines = (Radio(name, value=name == run.serve.engine) for name in ENGINES)
        yield row("Engine", RadioSet(*engines, id="serve-engine", classes="across", compact=True), classes="basic")
        for name, (title, note) in SERVE.items():
            yield row(title, _serve_field(name), note, "basic")
        yield from setting_rows(run, OF_A_SERVER, "more")
        limit = time_limit_row()
        limit.add_class("more")
        yield limit
        for name, (title, note) in MORE.items():
            yield row(title, _serve_field(name), note, "more")
        yield Static(id="folded", markup=False)
        yield Sheet(id="rental", label_width=9)
        yield Static("Only planned? Type what you know; the rest is owed", classes="section")
        yield PlanPart(run, self.wizard.session.deps.tables)

    def fold(self, more: bool) -> None:
        """What goes with each request in place of what is rented."""
        self._say_folded(self.wizard.session.run, more)
        self.query_one("#set-max_tokens" if more else "#serve-hardware").focus()

    def _say_folded(self, run: Run, more: bool) -> None:
        own = [*own_settings(run, OF_A_SERVER), *own_words(run)]
        words = "f2: what is rented" if more else "f2: GPU memory, hours, image; settings of a request"
        self.query_one("#folded", Static).update(words + (f" ({', '.join(own)})" if own and not more else ""))

    @on(RadioSet.Changed, "#serve-engine")
    def _engine(self, event: RadioSet.Changed) -> None:
        event.stop()
        run = self.wizard.session.run
        if ENGINES[event.index] != run.serve.engine:
            self.wizard.session.apply(want.ChangeServe(field="engine", value=ENGINES[event.index]))

    def name_runtime(self) -> None:
        """The engine that is shown is the runtime of the plan, as soon as the person goes on with it."""
        run = self.wizard.session.run
        if run.plan.runtime != (name := RUNTIMES[run.serve.engine]):
            self.wizard.session.apply(want.ChangePlan(field="runtime", value=name))

    def draw(self, run: Run) -> None:
        self._say_folded(run, self.screen.has_class("-more"))
        self.query_one(PlanPart).show(run, self.wizard.session.deps.tables)
        self._show(run)

    def tick(self) -> None:
        if self.wizard.jobs.rentals.open is not None:
            self._show(self.wizard.session.run)

    def _show(self, run: Run) -> None:
        now, jobs = self.wizard.session.deps.now(), self.wizard.jobs.rentals
        price, rental = list(price_rows(run, jobs.hardware)), list(rental_rows(run, now))
        ended = run.rental is not None and run.rental.over
        # What proves the stop stands first: nobody should have to look for it.
        rows = [*(row for row in rental if ended and row.label in ENDS), *price]
        rows += [row for row in rental if not (ended and row.label in ENDS)]
        if jobs.doing:
            rows.append(Row("▶", f"{jobs.doing} …", "head"))
        self.query_one("#rental", Sheet).show(rows)

    def hint(self, run: Run) -> str:
        jobs = self.wizard.jobs.rentals
        if jobs.open is not None:
            return "f9 stops it, and shows the proof. Leaving the step does not."
        if jobs.doing:
            return "escape gives up."
        return "f3 lists machines with prices; ctrl+r asks for your yes and rents. Or type a plan only."

    def first(self) -> Widget | None:
        return self.query_one("#serve-hardware")


def _serve_field(name: str) -> Field:
    return Field(
        partial(_served, name),
        lambda text: want.ChangeServe(field=name, value=text),
        id=f"serve-{name}",
        max_length=200 if name == "image" else 60,
    )


def _served(name: str, run: Run) -> str:
    value = getattr(run.serve, name)
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


SERVE_TITLES = {name: title for name, (title, _) in (SERVE | MORE).items()}


def own_words(run: Run) -> list[str]:
    """What is typed of the rarely typed."""
    default = ServePlan()
    return [
        f"{title.lower()} {_served(name, run)}"
        for name, (title, _) in MORE.items()
        if getattr(run.serve, name) != getattr(default, name)
    ]


def worded(text: str) -> str:
    """A refusal calls a field what it is called on this screen."""
    name = text.partition(" ")[0]
    if name not in SERVE_TITLES:
        return text
    return SERVE_TITLES[name] + text.removeprefix(name).removeprefix(f" ({ServePlan.model_fields[name].description})")
