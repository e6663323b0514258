"""One life of the engine's child: what it says from start to stop, and that it says the truth."""

from __future__ import annotations

from itertools import pairwise

import pytest
from engine_rig import PROMPT, Rig, is_gone, known, pid_of, the

from weighbridge.domain.proof.events import (
    Completed,
    Event,
    Loaded,
    Ready,
    RequestStarted,
    Sample,
    Sensors,
    Spawned,
    Stopped,
    Swept,
    Token,
)
from weighbridge.domain.proof.settings import Request

MIB = 1024 * 1024
STORY = "Tell a long story about a ferry on a wide river."


async def test_from_start_to_stop(rig: Rig) -> None:
    runtime = rig.runtime(rig.launch(max_tokens=12))
    events: list[Event] = [event async for event in runtime.start()]
    assert isinstance(events[0], Spawned) and isinstance(events[-1], Swept)
    request = Request(id="r1", prompt=STORY, case="c1")
    events += [event async for event in runtime.generate(request)]
    stopped = await runtime.stop()

    told = [event.event for event in events if isinstance(event, (Sample, Sensors))]
    assert told[0] == "sensors" and told.count("sensors") == 1 and "sample" in told
    kinds = [event.event for event in events if not isinstance(event, (Sample, Sensors))]
    assert kinds == ["spawned", "ready", "loaded", "swept", "request", "prefilled", *["token"] * 12, "completed"]
    assert stopped is not None and (stopped.how, stopped.exit_code, stopped.gone) == ("unloaded", 0, True)
    assert is_gone(stopped.pid) and stopped.pid == pid_of(events)
    assert stopped.t >= events[-1].t


async def test_tokens_are_the_engines_own_count(rig: Rig) -> None:
    runtime, _ = await rig.started(rig.launch(max_tokens=12))
    events = [event async for event in runtime.generate(Request(id="r", prompt=STORY))]
    tokens = [event for event in events if isinstance(event, Token)]
    started, completed = the(RequestStarted, events), the(Completed, events)

    assert [token.index for token in tokens] == list(range(12))
    assert "".join(token.text for token in tokens) == completed.output
    assert completed.stop_reason == "max_tokens" and completed.output_tokens == 12
    assert completed.engine_decode_tokens == 11, "the first token comes out of the prompt's own batch"
    assert completed.engine_prompt_tokens == completed.prompt_tokens == known(started.prompt_tokens) > 20
    times = [started.t, *(token.t for token in tokens), completed.t]
    assert all(a <= b for a, b in pairwise(times))
    assert tokens[0].t - started.t >= known(completed.prefill_s) > 0
    assert 0 < known(completed.engine_prompt_ms) <= known(completed.prefill_s) * 1000 + 1, "ours is around the engine's"


async def test_an_answer_that_ends_by_itself(rig: Rig) -> None:
    runtime, _ = await rig.started(rig.launch(max_tokens=200))
    completed = await rig.ask(runtime, "Answer with one word: what colour is grass?")
    assert completed.stop_reason == "eos"
    assert completed.output_tokens == known(completed.engine_decode_tokens) > 0
    assert "<|im_end|>" not in completed.output


async def test_what_is_said_of_engine_and_model(rig: Rig) -> None:
    runtime = rig.runtime(rig.launch(n_ctx=512, n_batch=128))
    events = [event async for event in runtime.start()]
    ready, loaded = the(Ready, events), the(Loaded, events)
    assert ready.engine == f"llama-cpp-python {runtime.facts.version}" and "CPU" in ready.system_info
    assert (loaded.n_ctx, loaded.n_batch, loaded.n_ubatch) == (512, 128, 128)
    assert (loaded.n_threads, loaded.n_threads_batch) == (1, 1)
    assert loaded.weights_bytes == 96_576_768 and loaded.n_params == 134_515_008
    assert loaded.kv_buffer_bytes == 512 * 30 * 2 * 3 * 64 * 2, "30 layers, 3 heads of 64, keys and values, f16"
    assert loaded.model_buffer_bytes == pytest.approx(loaded.weights_bytes, abs=MIB)
    assert loaded.compute_buffer_bytes == pytest.approx(4.1 * MIB, abs=MIB / 10), "logits of the last token alone"
    assert loaded.output_buffer_bytes is not None
    assert loaded.repack_buffer_bytes is None and not loaded.use_extra_bufts
    assert loaded.chat_template_sha256 is not None and loaded.omp_spin_count == "1000"
    assert (loaded.load_mode, loaded.flash_attn, loaded.type_k) == ("mmap", "disabled", "f16")


async def test_a_quantized_cache_is_what_the_engine_uses(rig: Rig) -> None:
    runtime = rig.runtime(rig.launch(n_ctx=512, n_batch=16, kv_type="q8_0"))
    loaded = the(Loaded, [event async for event in runtime.start()])
    assert (loaded.flash_attn, loaded.type_k, loaded.type_v) == ("enabled", "q8_0", "q8_0")
    assert loaded.kv_buffer_bytes == pytest.approx(512 * 30 * 2 * 3 * 64 * 34 / 32, abs=6_000)
    completed = await rig.ask(runtime, "word " * 40 + PROMPT)
    assert known(completed.prompt_tokens) > 3 * 16 and known(completed.output_tokens) > 0


async def test_samples_arrive_between_the_events(rig: Rig) -> None:
    runtime = rig.runtime(rig.launch(max_tokens=60), sample_interval_s=0.05)
    events: list[Event] = [event async for event in runtime.start()]
    events += [event async for event in runtime.generate(Request(id="r", prompt=STORY))]
    samples = [event for event in events if isinstance(event, Sample)]
    assert len(samples) >= 5
    assert samples[-1].rss_bytes > 150 * MIB and samples[-1].rss_bytes >= samples[0].rss_bytes
    assert samples[0].cpu_percent is None, "nothing was measured before it"
    assert any(sample.cpu_percent for sample in samples)
    assert all(a.t <= b.t for a, b in pairwise(samples))


async def test_the_same_prompt_gives_the_same_answer(rig: Rig) -> None:
    runtime, _ = await rig.started(rig.launch(max_tokens=12))
    first = await rig.ask(runtime, STORY)
    await rig.ask(runtime, PROMPT)
    again = await rig.ask(runtime, STORY)
    assert again.output == first.output != ""
    assert again.engine_prompt_tokens == first.engine_prompt_tokens, "the cache of the first answer was not used"


async def test_the_seed_decides_where_temperature_is_above_zero(rig: Rig) -> None:
    answers = []
    for seed in (1, 1, 2):
        runtime, _ = await rig.started(rig.launch(max_tokens=16, temperature=1.5, seed=seed))
        answers.append((await rig.ask(runtime, STORY)).output)
        await runtime.stop()
    assert answers[0] == answers[1] != answers[2]


async def test_the_batch_is_what_was_asked_for(rig: Rig) -> None:
    """A prompt in pieces counts every token as prompt, also a last piece of one token."""
    runtime, _ = await rig.started(rig.launch(n_batch=8, max_tokens=2))
    for words in range(8):
        completed = await rig.ask(runtime, "one " * words + "two")
        assert completed.engine_prompt_tokens == completed.prompt_tokens
        assert completed.engine_decode_tokens == known(completed.output_tokens) - 1


async def test_one_token_only(rig: Rig) -> None:
    runtime, _ = await rig.started()
    completed = await rig.ask(runtime, STORY, max_tokens=1)
    assert (completed.output_tokens, completed.engine_decode_tokens) == (1, 0)


async def test_a_prompt_longer_than_the_context_fails_alone(rig: Rig) -> None:
    runtime, _ = await rig.started(rig.launch(n_ctx=256))
    completed = await rig.ask(runtime, "word " * 400)
    assert (completed.stop_reason, completed.output, completed.output_tokens) == ("context_full", "", 0)
    assert known(completed.prompt_tokens) > 400
    assert known((await rig.ask(runtime)).output_tokens) > 0, "the next prompt is answered as usual"


async def test_an_answer_that_fills_the_context(rig: Rig) -> None:
    runtime, _ = await rig.started(rig.launch(n_ctx=256, max_tokens=200))
    around = known((await rig.ask(runtime, "river " * 400 + STORY)).prompt_tokens) - 400
    completed = await rig.ask(runtime, "river " * (254 - around) + STORY)
    assert completed.stop_reason == "context_full"
    assert known(completed.prompt_tokens) + known(completed.output_tokens) == 257, "the last token needs no room"
    assert "memory slot" not in rig.log.read_text(), "it is not tried until the engine complains"


async def test_a_character_that_spans_tokens(rig: Rig) -> None:
    """Its text comes with the last of its tokens; a piece of one at the end is shown as U+FFFD."""
    runtime, _ = await rig.started(rig.launch(max_tokens=14))
    events = [event async for event in runtime.generate(rig.request("Repeat exactly: 🦜🦜🦜🦜🦜🦜"))]
    texts = [event.text for event in events if isinstance(event, Token)]
    output = the(Completed, events).output
    assert "" in texts and "🦜" in texts
    assert output.removesuffix("\ufffd") == "".join(texts)


async def test_stopping_twice_gives_one_evidence(rig: Rig) -> None:
    runtime, _ = await rig.started()
    stopped = await runtime.stop()
    assert isinstance(stopped, Stopped) and await runtime.stop() == stopped


async def test_nothing_to_stop_before_the_start(rig: Rig) -> None:
    runtime = rig.runtime()
    assert await runtime.stop() is None
    assert [event async for event in runtime.start()] == [], "it does not start any more"
