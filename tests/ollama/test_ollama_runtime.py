"""A model of Ollama as a runtime: its own figures, prompts that do not fit, failures in one sentence, the release."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from ollama.asking import BRISK, CALM, completed, connected, failed, life, runtime, stopped
from ollama.contract import DIGEST, IN_VRAM, LOADED, NAME, TRAINED, ContractServer, Fault
from weighbridge.domain.proof.events import RequestStarted, Sample, Spawned, Token
from weighbridge.domain.proof.remote import ServerSample
from weighbridge.domain.proof.settings import Message, Request
from weighbridge.services.endpoint.ollama.chat import doubts


async def test_an_answer_has_the_services_own_counts_and_times(ollama: ContractServer, tmp_path: Path) -> None:
    ollama.cached = 3
    events = await life(runtime(ollama.address, tmp_path), "what is it")
    done = completed(events)
    assert done.output == "one two three"
    assert (done.prompt_tokens, done.output_tokens, done.reused_tokens) == (7, 3, 3)
    assert (done.engine_prompt_ms, done.engine_prompt_tokens) == (20.0, 4)
    assert (done.engine_decode_ms, done.engine_decode_tokens) == (60.0, 3)
    assert done.stop_reason == "eos"
    assert not done.doubts
    assert [event.text for event in events if isinstance(event, Token)] == ["one", " two", " three"]
    assert next(event.t for event in events if isinstance(event, RequestStarted)) <= done.t


async def test_what_is_sent_names_the_context_and_refuses_to_cut(ollama: ContractServer, tmp_path: Path) -> None:
    await life(runtime(ollama.address, tmp_path, n_ctx=512, most=7), "what is it")
    load, asked, unload = ollama.chats
    assert (load["messages"], load["options"]) == ([], {"num_ctx": 512})
    assert asked["options"] == {"num_ctx": 512, "num_predict": 7, "temperature": 0.0, "seed": 1234}
    assert (asked["truncate"], asked["shift"], asked["stream"]) == (False, False, True)
    assert (unload["messages"], unload["keep_alive"]) == ([], 0)


async def test_the_model_is_told_with_digest_memory_and_context(ollama: ContractServer, tmp_path: Path) -> None:
    events = await life(runtime(ollama.address, tmp_path, n_ctx=100_000), "what is it")
    told = connected(events)
    assert (told.engine, told.version, told.model, told.models) == ("ollama", "0.33.2", NAME, (NAME,))
    assert told.facts["digest"] == DIGEST
    assert told.facts["quantization"] == "F16"
    assert told.max_model_len == TRAINED, "the service lowers a context that is more than the model was trained with"
    assert told.facts["context wished"] == "100000"
    sample = next(event for event in events if isinstance(event, ServerSample))
    assert (sample.memory_bytes, sample.gpu_memory_bytes) == (LOADED - IN_VRAM, IN_VRAM)


async def test_memory_of_a_service_on_this_machine_is_that_of_its_process(
    ollama: ContractServer, tmp_path: Path
) -> None:
    events = await life(runtime(ollama.address, tmp_path), "what is it")
    assert next(event for event in events if isinstance(event, Spawned)).pid == os.getpid()
    assert next(event for event in events if isinstance(event, Sample)).rss_bytes > 10_000_000


async def test_a_prompt_that_does_not_fit_is_refused_and_no_other_case_suffers(
    ollama: ContractServer, tmp_path: Path
) -> None:
    made = runtime(ollama.address, tmp_path, n_ctx=64)
    start = [event async for event in made.start()]
    long = [event async for event in made.generate(Request(id="r0", prompt="word " * 100, case="long"))]
    short = [event async for event in made.generate(Request(id="r1", prompt="what is it", case="short"))]
    await made.stop()
    refused = failed(tuple(long))
    assert refused.survived
    assert "longer than the context length" in refused.message
    assert completed(tuple(short)).output == "one two three"
    assert start


async def test_an_old_service_that_cuts_a_prompt_in_silence_is_doubted(ollama: ContractServer, tmp_path: Path) -> None:
    ollama.fault = "old"
    done = completed(await life(runtime(ollama.address, tmp_path, n_ctx=64), "word " * 100))
    assert done.prompt_tokens == 34
    assert any("cut the prompt without a word" in doubt for doubt in done.doubts)


def test_a_cut_prompt_without_spaces_shows_by_the_half_that_is_kept() -> None:
    line = {"done": True, "prompt_eval_cached_count": 0}
    long, short = (Message(role="user", content="字" * length) for length in (3000, 300))
    assert "cut the prompt" in doubts(line | {"prompt_eval_count": 1026}, (long,), n_ctx=2048)[0]
    assert not doubts(line | {"prompt_eval_count": 1026}, (short,), n_ctx=2048), "so few bytes always fit"
    assert not doubts(line | {"prompt_eval_count": 2000}, (long,), n_ctx=2048)


async def test_counts_that_are_not_told_stay_unknown(ollama: ContractServer, tmp_path: Path) -> None:
    ollama.fault, ollama.cached = "no_counts", None
    done = completed(await life(runtime(ollama.address, tmp_path), "what is it"))
    assert (done.prompt_tokens, done.output_tokens, done.engine_prompt_tokens) == (None, None, None)
    assert done.output == "one two three"
    assert any("had in its cache" in doubt for doubt in done.doubts)


async def test_an_answer_at_its_limit_of_tokens_says_so(ollama: ContractServer, tmp_path: Path) -> None:
    done = completed(await life(runtime(ollama.address, tmp_path, most=2), "what is it"))
    assert (done.stop_reason, done.output) == ("max_tokens", "one two")


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("cut", "before its answer was whole"),
        ("error_line", "an error was encountered while running the model"),
        ("stall", "sent no text for 0.3 s"),
    ],
)
async def test_a_broken_stream_is_no_answer(ollama: ContractServer, tmp_path: Path, fault: Fault, words: str) -> None:
    ollama.fault = fault
    limits = BRISK if fault == "stall" else CALM
    events = await life(runtime(ollama.address, tmp_path, limits=limits), "what is it")
    assert failed(events).kind == "outside"
    assert words in failed(events).message
    assert stopped(events).gone, "whatever broke, the model is put out of memory"


async def test_a_web_page_in_place_of_ollama_is_one_sentence(ollama: ContractServer, tmp_path: Path) -> None:
    ollama.fault = "html"
    events = await life(runtime(ollama.address, tmp_path))
    assert "no JSON" in failed(events).message


async def test_a_missing_model_names_what_is_there_and_how_to_get_it(ollama: ContractServer, tmp_path: Path) -> None:
    told = failed(await life(runtime(ollama.address, tmp_path, model="llama9"))).message
    assert NAME in told
    assert "ollama pull llama9" in told


async def test_no_service_is_one_sentence_with_the_way_out(ollama: ContractServer, tmp_path: Path) -> None:
    ollama.close()
    events = await life(runtime(ollama.address, tmp_path))
    assert "`ollama serve`" in failed(events).message
    assert failed(events).kind == "outside"
    assert not stopped(events).gone


async def test_the_release_is_shown_by_the_list_of_models_in_memory(ollama: ContractServer, tmp_path: Path) -> None:
    events = await life(runtime(ollama.address, tmp_path), "what is it")
    assert (stopped(events).how, stopped(events).gone) == ("released", True)
    assert "/api/ps no longer lists it." in stopped(events).evidence
    assert not ollama.loaded


async def test_a_model_that_stays_in_memory_is_not_called_released(ollama: ContractServer, tmp_path: Path) -> None:
    ollama.fault = "unload_ignored"
    events = await life(runtime(ollama.address, tmp_path, release_s=1.0), "what is it")
    assert (stopped(events).how, stopped(events).gone) == ("left_running", False)
    assert any("still lists it" in sentence for sentence in stopped(events).evidence)


async def test_a_stop_in_the_middle_of_an_answer_releases_the_model(ollama: ContractServer, tmp_path: Path) -> None:
    ollama.fault = "stall"
    made = runtime(ollama.address, tmp_path)
    [event async for event in made.start()]
    first = asyncio.Event()

    async def ask() -> None:
        async for event in made.generate(Request(id="r0", prompt="what is it")):
            if isinstance(event, Token):
                first.set()

    asking = asyncio.create_task(ask())
    async with asyncio.timeout(60):
        await first.wait()
        end = await made.stop()
        await asking
    assert end is not None and end.gone
    assert await made.stop() is end
