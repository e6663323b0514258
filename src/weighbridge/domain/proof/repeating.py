"""A proof that was run again beside the one that its recipe came from: what is equal, and what differs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Literal

from weighbridge.domain.base import Record
from weighbridge.domain.proof.events import Completed, Event, RequestStarted
from weighbridge.domain.proof.measure import JobFigures
from weighbridge.domain.proof.noise import Noise
from weighbridge.domain.proof.recipe import Recipe
from weighbridge.domain.serving.identity import UNSEEN
from weighbridge.domain.serving.sent import NOT_SENT
from weighbridge.domain.text import clean_line

Group = Literal["output", "recipe", "figure", "machine"]
UNKNOWN = "not known"
NO_ANSWER = "no answer"
_SHOWN = 60
"""Characters shown of a text, from a little before the first difference on."""
_LEAD = 15


class Row(Record):
    """One thing before and now, as text. Only rows of the group `output` decide whether the proof was reproduced."""

    group: Group
    what: str
    before: str
    now: str
    equal: bool
    ratio: float | None = None
    """Figures: now / before. None: one is not known, or the earlier one is 0."""
    note: str = ""


TAKEN_OUT = re.compile(r"\[(home|folder( \d+)?|name|credential)\]")
"""What stands in a packet in place of a folder, a name or a credential."""
_SERVER = "server."
"""How the rows begin that tell one server's model from another's."""


def other_model(rows: Iterable[Row]) -> list[str]:
    """What two servers told of their models, and told differently; empty where nothing tells them apart."""
    told = (row for row in rows if row.what.startswith(_SERVER) and not row.equal)
    return [
        f"{row.what.removeprefix(_SERVER)} {row.before} before, {row.now} now"
        for row in told
        if UNKNOWN not in (row.before, row.now)
    ]


def reproduced(rows: Iterable[Row]) -> bool:
    """Whether every answer is the same again."""
    return all(row.equal for row in rows if row.group == "output")


def answers(events: Iterable[Event]) -> dict[str, str]:
    """The newest whole answer to each request, by its id, in the order of the first time; warm-ups left out.

    A request that was begun and never answered has none. The answer of a safe retry replaces the one before it.
    """
    found: dict[str, str] = {}
    for event in events:
        if isinstance(event, RequestStarted) and not event.warmup:
            found.pop(event.request, None)
        elif isinstance(event, Completed) and not event.warmup:
            found[event.request] = event.output
    return found


def output_rows(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[Row]:
    """One row a request of either side. Without any answer on both sides there is a row that says so: not equal."""
    names = [*before, *(name for name in now if name not in before)]
    for name in names:
        yield _output(name, before.get(name), now.get(name))
    if not names:
        yield Row(group="output", what="answers", before=NO_ANSWER, now=NO_ANSWER, equal=False)


def _output(name: str, before: str | None, now: str | None) -> Row:
    equal = before == now
    if before is None or now is None or equal:
        return Row(group="output", what=name, before=_shown(before), now=_shown(now), equal=equal)
    at = next(i for i, (a, b) in enumerate(zip_longest(before, now)) if a != b)
    start = max(0, at - _LEAD)
    note = f"they differ from character {at + 1} on"
    return Row(group="output", what=name, before=_shown(before, start), now=_shown(now, start), equal=False, note=note)


def _shown(text: str | None, start: int = 0) -> str:
    if text is None:
        return NO_ANSWER
    part = clean_line(text[start : start + _SHOWN], _SHOWN)
    return f"{'…' if start else ''}{part}{'…' if len(text) > start + _SHOWN else ''}"


_RECIPE = (
    "model_sha256",
    "prompt",
    "sampler",
    "chat_template_sha256",
    "library",
    "version",
    "engine",
    "python",
    "mode",
    "use_extra_bufts",
    "load_mode",
    "n_ubatch",
    "type_k",
    "type_v",
    "flash_attn",
    "omp_wait_policy",
    "omp_spin_count",
)


def recipe_rows(before: Recipe, now: Recipe) -> Iterator[Row]:
    """Every part of the recipe that can differ; of the processor's features, those that only one side has."""
    served = before.target is not None or now.target is not None
    for name in _RECIPE[1:] if served else _RECIPE:
        yield _row("recipe", name, getattr(before, name), getattr(now, name))
    if served:
        for name in ("base_url", "model"):
            row = _row("recipe", f"target.{name}", *(getattr(side.target, name, None) for side in (before, now)))
            taken = not row.equal and TAKEN_OUT.search(row.before)
            yield (
                row.model_copy(update={"note": f"{taken[0]} stands for what was taken out of the packet"})
                if taken
                else row
            )
        yield Row(group="recipe", what="weights", before="not seen", now="not seen", equal=False, note=UNSEEN)
        for name in before.model_facts | now.model_facts:
            yield _row("recipe", f"{_SERVER}{name}", before.model_facts.get(name), now.model_facts.get(name))
    for name in before.settings.model_dump() | now.settings.model_dump():
        if all(f"settings.{name}" in side.missing for side in (before, now)):
            continue
        yield _row("recipe", f"settings.{name}", *(_setting(side, name) for side in (before, now)))
    yield _features(before.cpu_features, now.cpu_features)


def _setting(recipe: Recipe, name: str) -> object:
    """A value that no server heard is none, although an earlier version wrote it down."""
    return NOT_SENT if f"settings.{name}" in recipe.missing else getattr(recipe.settings, name)


def _features(before: tuple[str, ...] | None, now: tuple[str, ...] | None) -> Row:
    old, new = before or (), now or ()
    apart = {
        "only before": [name for name in old if name not in new],
        "only now": [name for name in new if name not in old],
    }
    note = "; ".join(f"{side}: {', '.join(names)}" for side, names in apart.items() if names)
    return Row(
        group="recipe", what="cpu_features", before=_many(before), now=_many(now), equal=before == now, note=note
    )


def _many(names: Sequence[str] | None) -> str:
    return UNKNOWN if names is None else f"{len(names)} named by the engine"


def _row(group: Group, what: str, before: object, now: object) -> Row:
    return Row(group=group, what=what, before=_text(before), now=_text(now), equal=before == now)


def _text(value: object) -> str:
    return UNKNOWN if value is None or value == "" else clean_line(str(value), 200)


def machine_rows(before: Mapping[str, object], now: Mapping[str, object]) -> Iterator[Row]:
    """The machines, by the names of system.json."""
    for name, value in before.items():
        yield _row("machine", name, value, now.get(name))


def _seconds(value: float) -> str:
    return f"{value:.3f} s"


def _milliseconds(value: float) -> str:
    return f"{value * 1000:.1f} ms"


def _rate(value: float) -> str:
    return f"{value:.1f} tokens/s"


def _mib(value: float) -> str:
    return f"{value / 2**20:,.0f} MiB"


_FIGURES: dict[str, tuple[str, Callable[[float], str]]] = {
    "ttft_s": ("TTFT", _seconds),
    "ttft_reused_s": ("TTFT, prefix reused", _seconds),
    "prefill_tokens_per_s": ("prefill", _rate),
    "decode_tokens_per_s": ("decode", _rate),
    "itl_p50_s": ("ITL p50", _milliseconds),
    "itl_p95_s": ("ITL p95", _milliseconds),
    "total_s": ("end to end", _seconds),
    "load_s": ("load", _seconds),
    "peak_rss_bytes": ("peak RSS", _mib),
    "rss_anon_bytes": ("RSS anonymous", _mib),
    "rss_file_bytes": ("RSS file-backed", _mib),
}


def figure_rows(before: JobFigures, now: JobFigures) -> Iterator[Row]:
    """Figures with their ratio, now / before, after the marks of both runs. They differ from run to run."""
    yield marks("mark", before.noise, now.noise)
    for name, (label, form) in _FIGURES.items():
        old, new = getattr(before, name), getattr(now, name)
        if old is None and new is None:
            continue
        yield Row(
            group="figure",
            what=label,
            before=UNKNOWN if old is None else form(old),
            now=UNKNOWN if new is None else form(new),
            equal=old == new,
            ratio=round(new / old, 3) if old and new is not None else None,
        )


def marks(what: str, before: Noise | None, now: Noise | None) -> Row:
    """Quiet, contended or unknown, before and now, with the reasons of both."""
    old, new = (noise.mark if noise else "unknown" for noise in (before, now))
    sides = (("before", before), ("now", now))
    why = [f"{when}: {' '.join(noise.reasons)}" for when, noise in sides if noise and noise.reasons]
    return Row(group="figure", what=what, before=old, now=new, equal=old == new, note=clean_line(" ".join(why), 500))
