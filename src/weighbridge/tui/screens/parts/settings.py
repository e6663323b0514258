"""The settings of step 5 as rows of a title, a field and what it means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import get_args

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import RadioSet, Static

from weighbridge.domain import intents as want
from weighbridge.domain.problems import Problem
from weighbridge.domain.proof.settings import FlashAttention, KvType, RuntimeSettings
from weighbridge.domain.run import Run
from weighbridge.tui.widgets.field import Field
from weighbridge.tui.widgets.radio import Radio

SETTINGS = {
    "n_ctx": ("Context", "tokens"),
    "n_threads": ("Threads", "auto: measured at the start"),
    "n_batch": ("Batch", "tokens in one decode call"),
    "kv_type": ("KV cache", "q8_0: about half"),
    "max_tokens": ("Answer limit", "tokens; eval cases have their own"),
    "temperature": ("Temperature", "0 takes the likeliest token"),
    "seed": ("Seed", "of the sampler"),
}
MORE = {
    "n_threads_batch": ("Prefill threads", "auto: as above, or measured"),
    "n_ubatch": ("Micro-batch", "tokens computed at once"),
    "flash_attn": ("Flash attention", "auto: for q8_0"),
    "n_gpu_layers": ("GPU layers", "0: none, -1: all"),
    "repeats": ("Repeats", "times each prompt is asked"),
    "prefix_reuse": ("Prefix reuse", "no cold TTFT"),
}
"""Settings that are folded away: `f2` shows them in place of the others."""
OF_A_SERVER = {
    "max_tokens": ("Answer limit", "tokens; cases set their own"),
    "temperature": ("Temperature", "0 takes the likeliest token"),
    "seed": ("Seed", "sent along; may go unused"),
    "repeats": ("Repeats", "times each prompt is asked"),
}
"""The settings that a server takes with a request; all others are its own."""
TITLES = {name: title for name, (title, _) in (SETTINGS | MORE).items()}
CHOICES: dict[str, tuple[tuple[str, str | bool], ...]] = {
    "kv_type": tuple((kind, kind) for kind in get_args(KvType)),
    "flash_attn": tuple((kind, kind) for kind in get_args(FlashAttention)),
    "prefix_reuse": (("off", False), ("on", True)),
}
"""Settings with few values: the word on the screen, and the value."""


def setting(name: str, run: Run) -> str:
    """The value of a setting as it is typed."""
    value = getattr(run.settings, name)
    if value is None:
        return "auto"
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)


def setting_rows(run: Run, settings: dict[str, tuple[str, str]], classes: str = "") -> ComposeResult:
    """One row a setting."""
    for name, (title, note) in settings.items():
        yield row(title, _entry(name, run), note, classes)


def row(title: str, entry: Widget, note: str = "", classes: str = "") -> Widget:
    """Title, entry and note side by side."""
    parts: Iterator[Widget] = iter(
        (
            Static(title, classes="setting-title", markup=False),
            entry,
            *((Static(note, classes="setting-note", markup=False),) if note else ()),
        )
    )
    return Horizontal(*parts, classes=f"setting {classes}".strip())


def time_limit_row() -> Widget:
    """How long a case may take: part of the policy, and shown in step 7 too."""
    field = Field(
        lambda run: f"{run.policy.time_limit_s:g}" if run.policy and run.policy.time_limit_s else "",
        lambda text: want.ChangeTimeLimit(seconds=text),
        id="set-time-limit",
        placeholder="none",
        max_length=8,
    )
    return row("Time limit", field, "seconds a case may take")


def _entry(name: str, run: Run) -> Widget:
    if name in CHOICES:
        given = getattr(run.settings, name)
        kinds = (Radio(word, value=value == given) for word, value in CHOICES[name])
        return RadioSet(*kinds, id=f"set-{name}", classes="across", compact=True)
    return Field(
        partial(setting, name),
        lambda text: want.ChangeSetting(field=name, value=text),
        id=f"set-{name}",
        max_length=20,
    )


def own_settings(run: Run, names: Iterable[str]) -> list[str]:
    """Those of the settings that are not the default, in words."""
    default = RuntimeSettings()
    return [
        f"{TITLES[name].lower()} {setting(name, run)}"
        for name in names
        if getattr(run.settings, name) != getattr(default, name)
    ]


def worded(problem: Problem) -> Problem:
    """A refusal calls a setting what it is called on this screen."""
    name = str(problem).partition(" ")[0]
    if name not in TITLES:
        return problem
    rest = str(problem).removeprefix(name).removeprefix(f" ({RuntimeSettings.model_fields[name].description})")
    return problem.worded(f"{TITLES[name]}{rest}")
