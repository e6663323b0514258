"""Jobs as the recorded one would have been: on a busy machine, an earlier one, and the recorded one replayed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from recording import recorded_run, token_time
from textual.pilot import Pilot

from weighbridge.domain.model.allocation import Allocation, Allocations
from weighbridge.domain.proof.events import Attempt, Event, Sample
from weighbridge.domain.proof.noise import Noise, NoiseFold
from weighbridge.domain.run import Run
from weighbridge.services.engine.dry_load import DryModel
from weighbridge.session.jobs.recorded import Recording
from weighbridge.tui.replay import ReplayApp

REPLAYED = 48
"""How many tokens of the answer are there in the picture of the replay."""


def busy(events: Sequence[Event]) -> list[Event]:
    """The job beside a program that keeps most of a core to itself."""
    taken = {"others_percent": 85.0}
    return [event.model_copy(update=taken) if isinstance(event, Sample) else event for event in events]


def noise_of(events: Sequence[Event]) -> Noise:
    fold = NoiseFold()
    for event in events:
        fold.add(event)
    return fold.result()


def contended(run: Run, events: Sequence[Event]) -> Run:
    """The run whose proof these events are, with their mark."""
    assert run.proof is not None
    figures = run.proof.figures.model_copy(update={"noise": noise_of(events)})
    return run.model_copy(update={"proof": run.proof.model_copy(update={"figures": figures})})


def earlier_proof(events: Sequence[Event]) -> list[Event]:
    """A proof of the same prompt a little before: everything took 8 % longer, in somewhat more memory."""
    made: list[Event] = []
    for event in events:
        update: dict[str, object] = {"t": round(event.t * 1.08, 6)}
        if isinstance(event, Attempt):
            update["job_id"] = "proof-earlier"
        if isinstance(event, Sample):
            grown = {name: int(getattr(event, name) * 1.04) for name in ("rss_bytes", "rss_anon_bytes")}
            update |= {**grown, "peak_rss_bytes": int((event.peak_rss_bytes or 0) * 1.04)}
        made.append(event.model_copy(update=update))
    return made


async def weighed(model: DryModel, time_limit_s: float = 0.0) -> Allocations:
    """The engine's answer as the recorded forecast has it, so that a job that runs is drawn with that line."""
    made = recorded_run().forecast
    assert made is not None
    need = Allocation(
        n_ctx=made.n_ctx,
        weights_bytes=made.weights_bytes,
        kv_bytes=made.kv_bytes,
        compute_bytes=made.compute_bytes,
        output_bytes=made.output_bytes,
        process_bytes=made.process_bytes,
        tables_bytes=made.overhead_bytes,
        scratch_bytes=0,
    )
    return Allocations(repacks=bool(made.repack_bytes), known=(need,))


@asynccontextmanager
async def replayed(events: Sequence[Event], size: tuple[int, int]) -> AsyncIterator[Pilot[int]]:
    """A replay that stands still in the middle of the answer."""
    run = recorded_run()
    forecast = run.forecast.total_bytes if run.forecast else None
    app = ReplayApp(
        Recording(f"weighbridge-packet-{run.id}", tuple(events), forecast, of_packet=True), "1", clock=lambda: 0.0
    )
    app.animation_level = "none"
    async with app.run_test(size=size) as pilot:
        await _drawn(pilot, app)
        yield pilot


async def _drawn(pilot: Pilot[int], app: ReplayApp) -> None:
    await pilot.pause()
    app.play_on(token_time(app.recording.events, REPLAYED) - app.playback.clock_s)
    for _ in range(3):
        await pilot.pause()
