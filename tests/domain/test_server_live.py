"""What the panel, the figures and the noise make of events that a server sent."""

from __future__ import annotations

from collections.abc import Sequence

from weighbridge.domain.packet_elsewhere import served_resources
from weighbridge.domain.proof.events import (
    Attempt,
    Completed,
    Connected,
    Ended,
    Event,
    Failed,
    RequestStarted,
    Sample,
    ServerSample,
    Spawned,
    Stopped,
    Token,
)
from weighbridge.domain.proof.live import LiveView, Meter
from weighbridge.domain.proof.noise import Noise
from weighbridge.domain.proof.remote import ASKED_AGAIN, UNTOLD
from weighbridge.domain.proof.settings import RuntimeSettings
from weighbridge.domain.proof.shutdown import shutdown_text
from weighbridge.domain.proof.summary import summarize
from weighbridge.domain.serving.target import Target
from weighbridge.domain.verdict.cost import costs_of

MIB = 2**20
TARGET = Target(api="openai", base_url="https://host.example.org/v1", model="small")


def attempt(t: float = 0.0, target: Target | None = TARGET) -> Attempt:
    return Attempt(
        t=t, at="2026-01-02T03:04:05Z", job="proof", job_id="proof-1", number=1, mode="default", reason="first try",
        runtime="OpenAI-compatible API", version="", command=("weighbridge",), model_file="", model_sha256="",
        settings=RuntimeSettings(), available_bytes=2**33, target=target,
    )  # fmt: skip


def connected(t: float) -> Connected:
    return Connected(t=t, engine="vllm", version="0.32.0", model="small", models=("small", "big"), max_model_len=4096)


def answer(t: float, *, tokens: int | None = 8, reused: int = 0, request: str = "first-run") -> list[Event]:
    """Four pieces, the first 0.5 s after the question, then one every 0.1 s."""
    said = [Token(t=t + 0.5 + 0.1 * n, request=request, index=n, text="ab") for n in range(4)]
    return [
        RequestStarted(t=t, request=request, prompt="Why?", prompt_tokens=None),
        *said,
        Completed(
            t=t + 1.0, request=request, output="abababab", stop_reason="eos", output_tokens=tokens, pieces=4,
            prompt_tokens=None if tokens is None else 20, prefill_s=None, reused_tokens=reused,
            engine_prompt_ms=None, engine_prompt_tokens=None, engine_decode_ms=None, engine_decode_tokens=None,
            doubts=("It counted no prompt.",) if tokens is None else (),
        ),
    ]  # fmt: skip


def told(t: float, **figures: int) -> ServerSample:
    return ServerSample.model_validate({"t": t, "source": "/metrics of the server", **figures})


def seen(events: Sequence[Event]) -> LiveView:
    meter = Meter()
    for event in events:
        meter.add(event)
    return meter.view()


def test_a_source_of_load_alone_is_no_source_of_memory() -> None:
    load = ServerSample(t=2, source="/metrics of the server", running=1)
    size = ServerSample(t=3, source="/api/ps of Ollama", memory_bytes=7 * MIB)
    wait = ServerSample(t=1, source="waiting 1 of at most 9 s")
    figures = summarize([attempt(), wait, connected(1.5), load, size, *answer(4.0)])
    assert figures.server is not None
    assert figures.server.sources == ("/metrics of the server", "/api/ps of Ollama")
    assert figures.server.memory_sources == ("/api/ps of Ollama",)
    note = served_resources(figures)
    assert note.source == "the proof, /api/ps of Ollama" and "memory 7 MiB" in note.text


def test_the_memory_of_a_service_is_that_of_its_model() -> None:
    size = ServerSample(t=3, source="/api/ps of Ollama", memory_bytes=7 * MIB, gpu_memory_bytes=0)
    there = connected(1.0).model_copy(update={"engine": "ollama", "pid": 9})
    figures = summarize([attempt(), there, Sample(t=2, rss_bytes=900 * MIB), size, *answer(4.0)])
    text = served_resources(figures).text
    assert "the model in main memory 7 MiB" in text and "900" not in text


def test_figures_of_a_contended_server_say_so_first() -> None:
    figures = summarize([attempt(), connected(1.0), *answer(4.0)])
    assert not served_resources(figures).text.startswith("contended")
    busy = figures.model_copy(update={"noise": Noise(mark="contended", reasons=("others took the core",))})
    assert served_resources(busy).text.startswith("contended: TTFT ")


def test_the_panel_waits_for_the_server_then_shows_what_it_is() -> None:
    waiting = seen([attempt()])
    assert waiting.phase == "connect" and waiting.spans[-1].phase == "connect" and waiting.limit_bytes is None
    assert waiting.server is not None and waiting.server.address == TARGET.base_url
    assert waiting.server.memory_missing
    there = seen([attempt(), connected(2.0)])
    assert there.phase == "between" and there.spans[-1].end == 2.0
    assert there.server is not None
    assert (there.server.engine, there.server.max_model_len, there.server.models) == ("vllm 0.32.0", 4096, 2)


def test_the_first_piece_of_a_server_ends_the_prefill_of_its_answer() -> None:
    view = seen([attempt(), connected(2.0), *answer(3.0)])
    assert [span.phase for span in view.spans] == ["connect", "prefill", "decode"]
    assert view.spans[-1].start == 3.5


def test_pieces_are_no_tokens_while_a_server_answers() -> None:
    running = seen([attempt(), connected(2.0), *answer(3.0)[:-1]])
    assert running.tokens == 4 and running.decode_rate is None and running.piece_rate == 10.0
    over = seen([attempt(), connected(2.0), *answer(3.0), Ended(t=5.0, at="x", outcome="completed")])
    assert over.decode_rate == round(7 / 0.3, 3)


def test_memory_of_the_server_is_traced_as_it_tells_it() -> None:
    events: list[Event] = [
        attempt(),
        connected(1.0),
        told(1.5, memory_bytes=5),
        told(2.0, gpu_memory_bytes=3 * MIB),
        told(3.0),
    ]
    view = seen([*events, told(4.0, gpu_memory_bytes=2 * MIB, running=2)])
    assert view.server is not None
    assert view.server.traced == "GPU memory" and view.server.trace == ((2.0, 3.0 * MIB), (4.0, 2.0 * MIB))
    assert view.server.memory_missing == "" and view.server.running == 2 and view.memory_trace == ()


def test_another_attempt_shows_nothing_of_the_server_before() -> None:
    view = seen([attempt(), connected(1.0), told(1.5, gpu_memory_bytes=9), attempt(5.0, target=None)])
    assert view.server is None and view.phase == "start"


def test_a_prompt_that_a_server_did_not_finish_has_no_count_of_tokens() -> None:
    cut = answer(3.0)[:-1]
    figures = summarize([attempt(), connected(2.0), *cut, Failed(t=4.0, kind="outside", phase="decode", message="cut")])
    assert figures.ttft_s == 0.5 and figures.requests == 1
    assert figures.output_tokens is None and figures.decode_tokens_per_s is None


def test_unknown_counts_of_a_server_stay_unknown_and_doubts_are_kept() -> None:
    figures = summarize([attempt(), connected(2.0), *answer(3.0), *answer(5.0, tokens=None, request="first-run#2")])
    assert figures.prompt_tokens is None and figures.output_tokens is None
    assert figures.decode_tokens_per_s == round(7 / 0.3, 3)
    assert figures.server is not None and figures.server.doubts == ("It counted no prompt.",)
    job: list[Event] = [attempt(), connected(2.0), *answer(3.0), *answer(5.0, tokens=None)]
    cost = costs_of([job])["proof-1"]
    assert (cost.tokens_read, cost.tokens_written, cost.uncounted) == (20, 8, 1)


def test_the_ttft_of_a_cached_prefix_is_never_a_cold_one() -> None:
    figures = summarize([attempt(), connected(2.0), *answer(3.0), *answer(5.0, reused=16, request="first-run#2")])
    assert figures.spreads["ttft_s"].n == 1 and figures.ttft_reused_s == 0.5
    assert figures.server is not None and figures.server.reused == 1


def test_peaks_of_the_server_are_its_own_and_the_largest() -> None:
    events: list[Event] = [
        attempt(),
        connected(1.0),
        told(1.5, gpu_memory_bytes=9, waiting=3),
        told(2.0, gpu_memory_bytes=4),
    ]
    server = summarize([*events, *answer(3.0)]).server
    assert server is not None
    assert (server.gpu_memory_bytes, server.waiting, server.memory_bytes) == (9, 3, None)
    assert server.sources == ("/metrics of the server",) and server.memory_missing == ""


def test_a_server_that_nobody_sees_is_neither_quiet_nor_contended() -> None:
    noise = summarize([attempt(), connected(1.0), *answer(3.0)]).noise
    assert noise is not None and noise.mark == "unknown" and "not seen from here" in noise.reasons[0]


def test_a_server_on_this_machine_is_judged_as_any_process() -> None:
    samples = [
        Sample(t=t, rss_bytes=7, cpu_s=t, run_delay_s=0.0, others_percent=1.0, steal_percent=0.0)
        for t in (3.0, 3.4, 4.0)
    ]
    events = [attempt(), Spawned(t=0.5, pid=77), connected(1.0), *answer(3.0), *samples]
    figures = summarize(events)
    assert figures.noise is not None and figures.noise.mark == "quiet"
    assert figures.peak_rss_bytes == 7 and figures.server is not None and figures.server.pid == 77
    assert figures.server.memory_missing == ""


def test_the_end_of_a_server_in_words() -> None:
    left = Stopped(t=1, pid=77, how="left_running", seconds=0.1, gone=False, evidence=("It still answers.",))
    assert shutdown_text(left) == "left running. It still answers"
    released = Stopped(t=1, pid=None, how="released", seconds=0.1, gone=True, evidence=("/api/ps lists nothing.",))
    assert shutdown_text(released) == "released in 0.10 s. /api/ps lists nothing"
    never = Stopped(t=1, pid=None, how="left_running", seconds=0.0, gone=True, evidence=("No server was started.",))
    assert shutdown_text(never) == "nothing was left running. No server was started"
    killed = Stopped(t=1, pid=5, how="killed", seconds=0.1, signal="SIGKILL", gone=True, evidence=("Port 1 refuses.",))
    assert shutdown_text(killed) == "killed in 0.10 s (signal SIGKILL); process 5 is gone. Port 1 refuses"


def sent_away(t: float, left: int) -> ServerSample:
    return ServerSample(t=t, source=f"waiting 0 of at most 30 s: it is full (429). Asked again in {left} s.")


def test_a_prompt_that_the_server_sends_away_waits_and_lies_in_no_phase_of_the_model() -> None:
    asked, *rest = answer(3.0)
    waiting = seen([attempt(), connected(2.0), asked, sent_away(3.1, 2), sent_away(4.1, 1)])
    assert waiting.phase == "wait" and waiting.server is not None
    assert waiting.server.wait.endswith("(429). Asked again in 1 s.") and waiting.server.source == ""
    assert [(s.phase, s.start) for s in waiting.spans[-2:]] == [("prefill", 3.0), ("wait", 3.1)]
    again = ServerSample(t=5.1, source=ASKED_AGAIN)
    late = [event.model_copy(update={"t": event.t + 3}) for event in rest]
    asking: list[Event] = [attempt(), connected(2.0), asked, sent_away(3.1, 2), sent_away(4.1, 1), again]
    assert seen(asking).phase == "prefill" and seen([*asking, late[0]]).waited
    over = seen([*asking, *late, Ended(t=9.0, at="x", outcome="completed")])
    assert [span.phase for span in over.spans] == ["connect", "prefill", "wait", "prefill", "decode"]
    assert over.waited and over.server is not None and over.server.wait == ""
    assert not seen([attempt(), connected(2.0), *answer(3.0)]).waited


def test_a_server_that_loads_is_waited_for_until_it_is_there() -> None:
    loading = ServerSample(t=1.0, source="waiting 1 of at most 900 s: it is not ready (503): Loading model.")
    view = seen([attempt(), loading])
    assert view.phase == "connect" and view.server is not None and view.server.wait == loading.source
    there = seen([attempt(), loading, connected(2.0)])
    assert there.server is not None and there.server.wait == "" and not there.waited


def test_why_the_metrics_tell_nothing_stands_where_the_memory_is_missing() -> None:
    silent = ServerSample(t=2.5, source=f"{UNTOLD}/metrics does not answer (404); it is started with --metrics")
    view = seen([attempt(), connected(2.0), silent])
    assert view.server is not None and view.server.source == ""
    assert view.server.untold == "/metrics does not answer (404); it is started with --metrics"
    figures = summarize([attempt(), connected(2.0), silent, *answer(4.0)])
    assert figures.server is not None
    assert figures.server.memory_missing.endswith(f"machine; its load is not told either: {view.server.untold}")
    assert figures.server.sources == ()
