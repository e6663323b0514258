"""What a server says of its own answer: usage wherever it stands, timings kept apart, and what cannot be true."""

from __future__ import annotations

from typing import Any

import pytest
from bad_server import BadServer, events, models, piece, reply, stream, usage
from endpoint_rig import CHAT, NAME, QUESTION, answer, connected, kinds

from weighbridge.domain.proof.events import Completed, Token
from weighbridge.domain.proof.measure import request_figures
from weighbridge.domain.proof.settings import Message, Request

LONG = Request(id="long", prompt="word " * 500)


def told_usage(where: str, told: dict[str, Any]) -> BadServer:
    """A server whose usage stands in one of the places that servers put it in."""
    ends: dict[str, tuple[Any, ...]] = {
        "its own chunk": (piece("", "stop"), {"choices": [], "usage": told}),
        "the chunk of the end": (piece("", "stop", usage=told),),
        "the last piece": (piece("", None, usage=told), piece("", "stop", usage=None)),
        "nowhere": (piece("", "stop"),),
    }
    return BadServer().on(CHAT, events(piece("Par"), piece("is"), *ends[where], "[DONE]"))


@pytest.mark.parametrize("where", ["its own chunk", "the chunk of the end", "the last piece"])
async def test_usage_is_found_wherever_it_stands(where: str) -> None:
    with told_usage(where, usage(37, 2, cached=12)) as server:
        done = await answer(server)
    assert (done.prompt_tokens, done.output_tokens, done.reused_tokens) == (37, 2, 12)
    assert (done.output, done.pieces, done.doubts) == ("Paris", 2, ())


async def test_without_usage_the_counts_stay_unknown() -> None:
    with told_usage("nowhere", {}) as server:
        done = await answer(server)
    assert (done.prompt_tokens, done.output_tokens, done.engine_decode_ms) == (None, None, None)
    assert (done.output, done.stop_reason, done.doubts) == ("Paris", "eos", ())


@pytest.mark.parametrize(
    ("told", "field", "sentence"),
    [
        (usage(37, -2), "output_tokens", "completion_tokens: -2, which is no count"),
        (usage(37, 0), "output_tokens", "completion_tokens: 0, although text came"),
        (usage(37, 33), "output_tokens", "completion_tokens: 33, although at most 32 were asked for"),
        (usage(37, 10**30), "output_tokens", "completion_tokens: an impossible value, which is no count"),
        (usage(37, True), "output_tokens", "completion_tokens: an impossible value, which is no count"),
        (usage(37, "many"), "output_tokens", "which is no count"),
        (usage(0, 2), "prompt_tokens", "prompt_tokens: 0, which no prompt of this length can have"),
        (usage(-5, 2), "prompt_tokens", "prompt_tokens: -5, which no prompt of this length can have"),
        (usage(900_000, 2), "prompt_tokens", "prompt_tokens: 900,000, which no prompt of this length can have"),
        (usage(37.5, 2), "prompt_tokens", "which no prompt of this length can have"),
    ],
)
async def test_a_figure_that_cannot_be_true_is_unknown_with_a_sentence(
    told: dict[str, Any], field: str, sentence: str
) -> None:
    with told_usage("its own chunk", told) as server:
        done = await answer(server)
    assert getattr(done, field) is None
    assert len(done.doubts) == 1 and sentence in done.doubts[0]
    assert done.output == "Paris"


async def test_fewer_tokens_than_pieces_are_not_believed(bad: BadServer) -> None:
    pieces = ["The", "capital", "of", "France", "is", "the", "city", "of", "Paris", "."]
    done = await answer(bad.on(CHAT, stream(*pieces, last=[{"choices": [], "usage": usage(37, 3)}])))
    assert done.output_tokens is None and "although it sent 10 pieces of text" in done.doubts[0]


async def test_more_cached_tokens_than_the_prompt_has(bad: BadServer) -> None:
    done = await answer(bad.on(CHAT, stream("Paris", last=[{"choices": [], "usage": usage(37, 1, cached=99)}])))
    assert done.reused_tokens == 0 and "cached_tokens: 99, although the prompt has 37" in done.doubts[0]


async def test_the_servers_own_timings_stay_apart_from_ours(bad: BadServer) -> None:
    timings = {"prompt_n": 37, "prompt_ms": 500.0, "predicted_n": 2, "predicted_ms": 80.0, "cache_n": 5}
    last = {"choices": [], "timings": timings}
    bad.on(CHAT, events(piece("Par"), 0.6, piece("is"), piece("", "stop"), last, "[DONE]"))
    bad.on("/v1/models", models(NAME))
    async with connected(bad.base_url) as runtime:
        seen = [event async for event in runtime.generate(QUESTION)]
    (done,) = kinds(seen, Completed)
    assert (done.engine_prompt_ms, done.engine_prompt_tokens) == (500.0, 37)
    assert (done.engine_decode_ms, done.engine_decode_tokens, done.reused_tokens) == (80.0, 2, 5)
    (figures,) = request_figures(seen)
    assert figures.itl is not None and figures.itl.high > 0.1, "ours is the gap that we saw, not the 40 ms it says"


@pytest.mark.parametrize("value", [-1, "soon", float("inf"), None, True, 10**12])
async def test_timings_that_no_time_can_be_are_unknown(value: Any, bad: BadServer) -> None:
    timings = {"prompt_ms": value, "predicted_ms": value, "prompt_n": -1, "predicted_n": 1.5}
    done = await answer(bad.on(CHAT, stream("Paris", last=[{"choices": [], "timings": timings}])))
    assert (done.engine_prompt_ms, done.engine_decode_ms) == (None, None)
    assert (done.engine_prompt_tokens, done.engine_decode_tokens) == (None, None)


async def test_a_prompt_that_was_cut_in_silence_is_seen_by_its_words(bad: BadServer) -> None:
    done = await answer(bad.on(CHAT, stream("ok", last=[{"choices": [], "usage": usage(256, 1)}])), LONG)
    assert (done.sent_tokens, done.prompt_tokens) == (500, 256)
    assert done.doubts == (
        "The server counted 256 tokens of a prompt that has at least 500 (lower bound: each word of the prompt is at "
        "least one token): it has most likely cut the prompt without a word.",
    )


async def test_vllm_counts_what_is_sent_by_its_own_tokenizer(bad: BadServer) -> None:
    bad.on("/v1/models", models(NAME, owned_by="vllm", max_model_len=2048)).on("/version", reply({"version": "0.32.0"}))
    bad.on("/tokenize", reply({"count": 520, "max_model_len": 2048}))
    bad.on(CHAT, stream("ok", last=[{"choices": [], "usage": usage(500, 1)}]))
    async with connected(bad.base_url) as runtime:
        (done,) = kinds([event async for event in runtime.generate(LONG)], Completed)
    assert (done.sent_tokens, done.sent_by) == (520, "/tokenize of the server")
    assert "counted 500 tokens of a prompt that has 520 (/tokenize of the server)" in done.doubts[0]
    assert bad.asked("/tokenize")[0].body == {"model": NAME, "messages": [{"role": "user", "content": LONG.prompt}]}


@pytest.mark.parametrize(
    ("away", "failed"), [(reply({"count": "many"}), False), (reply([]), False), (reply({}, 500), True)]
)
async def test_a_tokenizer_that_does_not_answer_leaves_the_lower_bound(away: Any, failed: bool, bad: BadServer) -> None:
    bad.on("/v1/models", models(NAME, owned_by="vllm")).on("/tokenize", away).on(CHAT, stream("ok"))
    async with connected(bad.base_url) as runtime:
        (done,) = kinds([event async for event in runtime.generate(LONG)], Completed)
    assert done.sent_tokens == 500 and done.sent_by.startswith("lower bound")
    assert ("could not be asked: " in done.sent_by) is failed


async def test_what_is_asked_is_what_the_settings_say(bad: BadServer) -> None:
    messages = (Message(role="system", content="Be brief."), Message(role="user", content="Hello?"))
    request = QUESTION.model_copy(update={"messages": messages, "max_tokens": 7})
    await answer(bad.on(CHAT, stream("Hi")), request, seed=5)
    assert bad.asked(CHAT)[0].body == {
        "model": NAME,
        "messages": [message.model_dump() for message in messages],
        "max_tokens": 7,
        "temperature": 0.0,
        "seed": 5,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


@pytest.mark.parametrize(
    ("finish", "completion", "reason", "doubts"),
    [
        ("stop", 2, "eos", 0),
        ("length", 32, "max_tokens", 0),
        ("length", 20, "context_full", 0),
        ("content_filter", 2, "eos", 1),
    ],
)
async def test_why_an_answer_ended(finish: str, completion: int, reason: str, doubts: int, bad: BadServer) -> None:
    last = [{"choices": [], "usage": usage(37, completion)}]
    done = await answer(bad.on(CHAT, stream("Paris", finish=finish, last=last)))
    assert (done.stop_reason, len(done.doubts)) == (reason, doubts)


async def test_thinking_aloud_is_no_part_of_the_answer(bad: BadServer) -> None:
    thought = {"choices": [{"delta": {"reasoning_content": "Hmm."}, "finish_reason": None}]}
    bad.on("/v1/models", models(NAME)).on(CHAT, events(thought, piece("Paris"), piece("", "stop"), "[DONE]"))
    async with connected(bad.base_url) as runtime:
        seen = [event async for event in runtime.generate(QUESTION)]
    assert [token.text for token in kinds(seen, Token)] == ["", "Paris"]
    assert kinds(seen, Completed)[0].output == "Paris"


async def test_an_answer_by_another_model_is_said(bad: BadServer) -> None:
    done = await answer(bad.on(CHAT, events(piece("Paris", model="other"), piece("", "stop"), "[DONE]")))
    assert done.doubts == (f"The answer names the model other, and {NAME} was asked.",)
