"""The plots of latency: time to the first token of each case, and the time between the tokens of the proof."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from weighbridge.domain.proof.events import Attempt, Event, RequestStarted, Token
from weighbridge.domain.proof.noise import Noise
from weighbridge.domain.proof.summary import last_attempt
from weighbridge.domain.verdict.decision import CaseResult
from weighbridge.domain.verdict.stats import DOTS_BELOW, P95_FROM, Spread, spread
from weighbridge.services.packet_io.report_page.scale import axis, dots, finite, thinned
from weighbridge.services.packet_io.report_page.units import contended, milliseconds, number, seconds
from weighbridge.services.packet_io.report_page.view import Cell, Dot, Key, Plot, Rule, Shape, Table

Words = Callable[[float], str]

DOTS = 200
"""Cases that are drawn with a name each; more are drawn as dots without one."""
GAPS = 1000
"""Inter-token latencies drawn; of more, the longest of each stretch."""
_TOO_FEW = f"too few: {P95_FROM} are needed"


def first_token_plot(results: Sequence[CaseResult], noise: Noise | None = None) -> Plot | None:
    """TTFT of each case, in the order they were asked. None where no case has one."""
    rows = [(at, r, t) for at, r in enumerate(results, 1) if (t := finite(r.ttft_s)) is not None]
    if not rows:
        return None
    cold = spread([t for _, r, t in rows if not r.reused_tokens])
    x = axis(len(results) + 0.5, 6, low=0.5, whole=True, rounded=False)
    y = axis(max(t for _, _, t in rows) * 1.08 or 1.0)
    named = len(rows) <= DOTS
    marks = [
        Dot(x.percent(at), y.y(t), "warm" if r.reused_tokens else "cold", f"{at}, {r.case}: {seconds(t)}")
        for at, r, t in rows
    ]
    reused = sum(r.reused_tokens > 0 for _, r, _ in rows)
    return Plot(
        id="ttft",
        title="Time to first token (TTFT) of each case",
        description=f"One dot a case, {len(rows):,} of {len(results):,} cases have one. {_words(cold, 'cold prompts')}",
        x_label="case, in the order of the table",
        y_label="seconds",
        x_ticks=x.x_ticks(),
        y_ticks=y.y_ticks(),
        shapes=() if named else (Shape(dots((x.x(at), y.y(t)) for at, _, t in rows), "points"),),
        dots=tuple(marks) if named else (),
        rules=tuple(Rule(y.y(value), tone) for tone, value in _levels(cold)),
        keys=(
            Key("cold", "a case, asked cold"),
            *((Key("warm", f"{reused} kept a part of the KV cache: theirs is no cold TTFT"),) if reused else ()),
            *_level_keys(cold, seconds),
        ),
        note=f"Of the first answer of each case; all others are in requests.csv. {contended(noise)}".strip(),
        tables=(_summary("TTFT of cold prompts", cold, seconds),),
    )


def token_gap_plot(job: Sequence[Event], noise: Noise | None = None) -> Plot | None:
    """Inter-token latencies of the proof's last attempt, the warm-up left out. None below two tokens."""
    gaps = _gaps(last_attempt(job))
    if not gaps:
        return None
    found = spread([gap for _, gap in gaps])
    drawn = thinned(gaps, GAPS, 1)
    x = axis(max(t for t, _ in gaps), 6, low=min(t for t, _ in gaps), rounded=False)
    y = axis(max(gap for _, gap in gaps) * 1000 * 1.05 or 1.0)
    served = any(isinstance(event, Attempt) and event.target is not None for event in job)
    what = "pieces of text as they arrived from the server" if served else "consecutive tokens"
    note = f"Time between two {what}, of one answer, the first left out; the warm-up is not counted."
    if len(drawn) < len(gaps):
        note += f" {len(drawn):,} of {len(gaps):,} are drawn: the longest of each stretch."
    return Plot(
        id="itl",
        title="Inter-token latency over the proof",
        description=f"One dot for two {what}. {_words(found, 'inter-token latencies', 1000, 'ms')}",
        x_label="seconds since the start of the proof",
        y_label="milliseconds",
        x_ticks=x.x_ticks(),
        y_ticks=y.y_ticks(),
        shapes=(Shape(dots((x.x(t), y.y(gap * 1000)) for t, gap in drawn), "points"),),
        rules=tuple(Rule(y.y(value * 1000), tone) for tone, value in _levels(found)),
        keys=(Key("cold", "one inter-token latency"), *_level_keys(found, milliseconds)),
        note=f"{note} {contended(noise)}".strip(),
        tables=(_summary("Inter-token latencies, within these requests", found, milliseconds),),
    )


def _gaps(events: Sequence[Event]) -> list[tuple[float, float]]:
    """When a token came, and how long after the one before it, both in seconds."""
    found: list[tuple[float, float]] = []
    before: float | None = None
    counted = False
    for event in events:
        if isinstance(event, RequestStarted):
            before, counted = None, not event.warmup
        elif isinstance(event, Token) and counted:
            t = finite(event.t)
            if t is not None and before is not None and t >= before:
                found.append((t, round(t - before, 6)))
            before = t
    return found


def _levels(found: Spread | None) -> list[tuple[str, float]]:
    if found is None or found.n < 2:
        return []
    return [("p50", found.median), *([("p95", found.p95)] if found.p95 is not None else [])]


def _level_keys(found: Spread | None, words: Words) -> tuple[Key, ...]:
    names = {"p50": "median", "p95": "p95, nearest rank"}
    shown = tuple(Key(tone, f"{names[tone]}: {words(value)}") for tone, value in _levels(found))
    few = found is not None and found.p95 is None
    return (*shown, *((Key("", f"no p95: {found.n} values are {_TOO_FEW}"),) if few and found else ()))


def _words(found: Spread | None, what: str, times: float = 1, unit: str = "s") -> str:
    if found is None:
        return f"There are no {what}."
    p95 = f"p95 {found.p95 * times:,.3g} {unit}" if found.p95 is not None else f"no p95, {_TOO_FEW}"
    return (
        f"Of {found.n:,} {what}: least {found.low * times:,.3g} {unit}, median {found.median * times:,.3g} {unit}, "
        f"largest {found.high * times:,.3g} {unit}, {p95}."
    )


def _summary(what: str, found: Spread | None, words: Words) -> Table:
    """Count and range; every value by itself where there are few."""
    head = (Cell("figure"), Cell("value", "number"))
    if found is None:
        return Table(what, head, ((Cell("values"), Cell("none", "unmeasured")),))
    rows = [
        (Cell("values"), Cell(f"{found.n:,}", "number")),
        (Cell("least"), number(words(found.low))),
        (Cell("median"), number(words(found.median))),
        (Cell("p95"), Cell(_TOO_FEW, "unmeasured") if found.p95 is None else number(words(found.p95))),
        (Cell("largest"), number(words(found.high))),
    ]
    if found.dots:
        rows.append(
            (Cell(f"each value, as fewer than {DOTS_BELOW}"), Cell(", ".join(map(words, found.dots)), "number"))
        )
    return Table(what, head, tuple(rows))
