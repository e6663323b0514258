"""What a server can do wrong, and the one sentence that a person gets for it. No case gets a mark by any of it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from bad_server import CUT, STALL, BadServer, Reply, error, event, events, models, piece, reply, stream
from endpoint_rig import CALM, CHAT, HASTY, NAME, QUESTION, answer, connected, failure, kinds, no_start, told

from weighbridge.domain.proof.events import Completed, Failed, RequestStarted, ServerSample, Token
from weighbridge.domain.proof.remote import ASKED_AGAIN

PAGE = Reply(200, (b"<!doctype html><title>Sign in</title>",), kind="text/html; charset=utf-8")
DOWN = "http://127.0.0.1:9/v1"
# A kernel may hold 40 MB on the way between two sockets of one machine (Linux: 33.5 MB to be read, 4.2 MB written).
IN_FLIGHT_BYTES = 100_000_000

BROKEN: dict[str, tuple[Reply, str]] = {
    "stalls": (events(piece("Par"), STALL), "sent no text for 0.3 s, in the middle of an answer"),
    "stalls in signs of life": (
        events(piece("Par"), *[b": ping\n\n", 0.05] * 40, STALL),
        "sent no text for 0.3 s, in the middle of an answer",
    ),
    "is cut": (events(piece("Par"), CUT), "cut the connection before its answer was whole"),
    "is cut within an event": (events(piece("Par"), b'data: {"cho', CUT), "cut the connection before its answer"),
    "ends without an end": (events(piece("Par")), "ended its answer without saying that it is whole"),
    "is empty": (events(), "ended its answer without saying that it is whole"),
    "sends a web page": (PAGE, "sent a web page where a stream of pieces was asked for"),
    "sends one JSON text": (reply({"choices": []}), "sent one JSON text where a stream of pieces was asked for"),
    "sends no JSON": (events(piece("Par"), "{oops"), "sent something that is no JSON"),
    "sends a list": (events(piece("Par"), [1]), "sent a piece of its answer that is no JSON object"),
    "nests without an end": (events(b"data: " + b"[" * 100_000 + b"\n\n"), "sent something that is no JSON"),
    "tells an error in the stream": (
        events(piece("Par"), {"error": {"message": "CUDA out of\x1b[31m memory", "code": 500}}),
        "broke its answer off: CUDA out of␛[31m memory.",
    ),
    "answers zipped": (
        Reply(200, (b"\x1f\x8b" + bytes(100),), {"Content-Encoding": "gzip"}, "text/event-stream"),
        "sent a compressed answer (gzip) that nobody asked for",
    ),
    "fails": (error(500, "boom"), "failed (500): boom."),
    "is a broken gateway": (Reply(502, (b"<html>bad gateway</html>",), kind="text/html"), "failed (502)."),
    "is loading again": (error(503, "Loading model"), "is not ready (503): Loading model."),
    "wants a key": (error(401, "Unauthorized"), "asks for an API key (401): Unauthorized."),
    "forbids it": (error(403, "no"), "asks for an API key (403): no."),
    "has no such path": (Reply(404), f"does not know {CHAT} (404)."),
    "sends us elsewhere": (
        Reply(307, headers={"Location": "http://evil.example/v1/chat/completions"}),
        f"sends {CHAT} on to http://evil.example: it was not followed, and no key sent there.",
    ),
    "has no room for long": (error(429, "busy", Retry_After="3600"), "busy. It was to be asked again in 3600 s"),
}


@pytest.mark.parametrize("how", BROKEN)
async def test_a_server_that(how: str, bad: BadServer) -> None:
    made, sentence = BROKEN[how]
    given_up = how in ("stalls", "stalls in signs of life", "is loading again")
    failed = await failure(bad.on(CHAT, made), limits=HASTY if given_up else CALM)
    assert sentence in failed.message
    assert (failed.kind, failed.survived) == ("outside", False)
    assert failed.message.startswith("127.0.0.1:")


async def test_pieces_that_came_before_the_cut_are_kept(bad: BadServer) -> None:
    seen = await told(bad.on(CHAT, events(piece("Par"), piece("is"), CUT)))
    assert [type(one) for one in seen] == [RequestStarted, Token, Token, Failed]
    assert [token.text for token in kinds(seen, Token)] == ["Par", "is"]
    assert isinstance(seen[-1], Failed) and seen[-1].phase == "decode"


async def test_a_chunk_of_500_megabytes_is_refused_without_being_read(bad: BadServer) -> None:
    megabyte = b"a" * 1_000_000
    failed = await failure(bad.on(CHAT, events(piece("Par"), b"data: ", *[megabyte] * 500, b"\n\n")))
    assert "sent one event of more than a mebibyte" in failed.message
    assert bad.sent_bytes < IN_FLIGHT_BYTES


async def test_a_model_list_of_500_megabytes_is_refused_without_being_read(bad: BadServer) -> None:
    bad.on("/v1/models", Reply(200, (b'{"data": "', *[b"a" * 1_000_000] * 500, b'"}')))
    failed = await no_start(bad.base_url)
    assert "sent more than 4,194,304 bytes where a short answer" in failed.message
    assert bad.sent_bytes < IN_FLIGHT_BYTES


async def test_an_answer_without_an_end_is_left(bad: BadServer) -> None:
    page = event(piece("word " * 100)) * 100
    failed = await failure(bad.on(CHAT, events(*[page] * 100)), max_tokens=8)
    assert "does not end" in failed.message and "at most 8 tokens were asked" in failed.message


async def test_a_case_that_is_refused_is_the_result_of_that_case_alone(bad: BadServer) -> None:
    case = QUESTION.model_copy(update={"case": "laptop-01", "id": "case-laptop-01"})
    bad.on(CHAT, error(400, "request (3031 tokens) exceeds the available context size"), stream("Paris"))
    failed = await failure(bad, case)
    assert (failed.kind, failed.survived) == ("refused", True)
    assert "refused the request (400): request (3031 tokens) exceeds the available context size." in failed.message
    assert (await answer(bad, case)).output == "Paris"


async def test_too_many_requests_is_waited_for_and_said(bad: BadServer) -> None:
    done = await answer(bad.on(CHAT, error(429, "busy", Retry_After="1"), stream("Paris")))
    assert done.output == "Paris"
    assert re.search(r"took the request only after \d+ s \(429\)", done.doubts[0])


async def test_a_model_that_the_server_does_not_list_is_named_with_those_that_it_does(bad: BadServer) -> None:
    bad.on("/v1/models", models("small", "large"))
    failed = await no_start(bad.base_url)
    assert f"lists no model {NAME}, but small, large. Name one of these behind #." in failed.message


async def test_a_404_in_the_middle_says_which_models_are_left(bad: BadServer) -> None:
    bad.on("/v1/models", models(NAME), models("large")).on(CHAT, error(404, "no such model"))
    async with connected(bad.base_url) as runtime:
        *_, failed = [event async for event in runtime.generate(QUESTION)]
    assert isinstance(failed, Failed) and "lists no model tiny, but large." in failed.message


async def test_a_server_that_is_down_is_told_after_its_time() -> None:
    failed = await no_start(DOWN)
    assert failed.phase == "start"
    assert "127.0.0.1:9 does not answer: nothing listens there. Waited" in failed.message


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("http://no-such-host.invalid/v1", "No host is called no-such-host.invalid: its name was not found."),
        ("http://no..host/v1", "No host is called no..host: its name was not found."),
        ("https://{there}/v1", "The encrypted connection to {there} failed:"),
    ],
)
async def test_no_way_to_the_server(address: str, sentence: str, bad: BadServer) -> None:
    there = bad.root.removeprefix("http://")
    failed = await no_start(address.format(there=there))
    assert sentence.format(there=there) in failed.message


@pytest.mark.parametrize("value", [None, 3, "text", {"data": None}, {"data": "tiny"}, {"models": []}])
async def test_a_model_list_that_is_none(value: Any, bad: BadServer) -> None:
    bad.on("/v1/models", Reply(200, (json.dumps(value).encode(),)))
    failed = await no_start(bad.base_url)
    assert "is no model list" in failed.message


async def test_the_time_limit_of_a_case_ends_its_answer(bad: BadServer) -> None:
    case = QUESTION.model_copy(update={"time_limit_s": 1.0})
    done = await answer(bad.on(CHAT, events(piece("Par"), STALL)), case)
    assert (done.stop_reason, done.output) == ("time_limit", "Par")
    assert isinstance(done, Completed) and done.output_tokens is None


async def test_an_answer_that_was_said_to_be_whole_is_kept_where_the_connection_is_cut_then(
    bad: BadServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("weighbridge.services.endpoint.stream.READ_OUT_S", 60.0)
    done = await answer(bad.on(CHAT, events(piece("Paris"), piece("", "stop"), "[DONE]", CUT)))
    assert (done.stop_reason, done.output) == ("eos", "Paris")


async def test_a_server_that_loads_once_more_at_the_chat_is_waited_for_and_each_wait_told(bad: BadServer) -> None:
    seen = await told(bad.on(CHAT, error(503, "Loading model"), error(429, "busy"), stream("Paris")))
    first, again, second, last = kinds(seen, ServerSample)
    assert again.source == last.source == ASKED_AGAIN and not last.tells
    assert re.match(r"waiting \d+ of at most 60 s: 127\.0\.0\.1:", first.source)
    assert "is not ready (503): Loading model." in first.source and "(429): busy." in second.source
    (done,) = kinds(seen, Completed)
    assert done.output == "Paris" and "(429): its TTFT holds that wait" in done.doubts[0]


async def test_a_wait_that_is_longer_than_the_limit_is_named_in_the_hint(bad: BadServer) -> None:
    failed = await failure(bad.on(CHAT, error(429, "busy", Retry_After="3600")), limits=HASTY)
    assert "At most 2 s are waited: start it again in 3600 s" in failed.message


async def test_an_error_in_one_json_text_is_said_in_the_servers_words(bad: BadServer) -> None:
    failed = await failure(bad.on(CHAT, reply({"error": {"message": "model is overloaded"}})))
    assert "failed: model is overloaded." in failed.message


async def test_a_404_about_the_model_does_not_blame_the_address(bad: BadServer) -> None:
    failed = await failure(bad.on(CHAT, error(404, "model tiny not found")))
    assert "has no such model (404): model tiny not found. The address is right" in failed.message
