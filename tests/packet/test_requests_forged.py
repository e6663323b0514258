"""Events of one request that say different things of it, in a packet whose checksums and tables all hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from packet.forge import lines, problems

pytestmark = pytest.mark.usefixtures("marks_here")
IMPOSSIBLE = 987654321
Rows = list[dict[str, Any]]


def found(packet: Path, *words: str) -> bool:
    return any(line.startswith("requests: ") and all(word in line for word in words) for line in problems(packet))


def first(rows: Rows, kind: str, request: str = "case-packet-01") -> dict[str, Any]:
    return next(row for row in rows if row["event"] == kind and row.get("request", request) == request)


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("request", "case", "laptop-01"), ("request", "warmup", True), ("request", "repeat", IMPOSSIBLE),
        ("request", "prompt_tokens", IMPOSSIBLE), ("request", "request", "x"),
        ("prefilled", "prompt_tokens", IMPOSSIBLE), ("prefilled", "prefill_s", 0.000001),
        ("prefilled", "reused_tokens", IMPOSSIBLE), ("prefilled", "request", "x"),
        ("completed", "case", "laptop-01"), ("completed", "warmup", True), ("completed", "repeat", IMPOSSIBLE),
        ("completed", "prompt_tokens", IMPOSSIBLE), ("completed", "prefill_s", 0.000001),
        ("completed", "reused_tokens", 3), ("graded", "repeat", IMPOSSIBLE), ("graded", "case", "laptop-01"),
    ],
)  # fmt: skip
def test_one_event_of_a_request_says_something_else(packet: Path, kind: str, field: str, value: object) -> None:
    lines(packet, "events.jsonl", lambda rows: first(rows, kind).update({field: value}))
    assert found(packet, f"{field} of ", "in the event before")


@pytest.mark.parametrize("kept", [IMPOSSIBLE, 12, -1])
def test_more_of_the_prompt_is_kept_than_can_be(packet: Path, kept: int) -> None:
    def keep(rows: Rows) -> None:
        for kind in ("prefilled", "completed"):
            first(rows, kind)["reused_tokens"] = kept

    lines(packet, "events.jsonl", keep)
    assert found(packet, f"'case-packet-01' kept {kept} of 12 prompt tokens")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("request", "stands without the request before it"),
        ("prefilled", "begins before its prompt was read"),
        ("completed", "stands without the request before it"),
    ],
)
def test_an_event_was_taken_out(packet: Path, kind: str, words: str) -> None:
    lines(packet, "events.jsonl", lambda rows: rows.remove(first(rows, kind)))
    assert found(packet, "'case-packet-01'", words)


def test_a_token_of_another_request(packet: Path) -> None:
    def move(rows: Rows) -> None:
        next(row for row in rows if row["event"] == "token" and row["index"] == 1)["request"] = "x"

    lines(packet, "events.jsonl", move)
    assert found(packet, "token 1 of 'x' stands in the answer to")


@pytest.mark.parametrize("field", ["n_threads", "n_threads_batch"])
def test_an_engine_made_with_other_threads_than_its_settings_give(packet: Path, field: str) -> None:
    lines(packet, "events.jsonl", lambda rows: first(rows, "loaded").update({field: 1000}))
    assert found(packet, f"has {field} 1000; its settings give 1")


def test_a_failure_that_no_event_tells_and_a_limit_that_nobody_gave(packet: Path) -> None:
    def excused(rows: Rows) -> None:
        first(rows, "graded")["failure"] = "The engine died."
        first(rows, "request")["time_limit_s"] = 5.0

    lines(packet, "events.jsonl", excused)
    assert found(packet, "'case-packet-01' is failed by 'The engine died.'", "that it is whole")
    assert any("time limit of 'packet-01' is 5.0, case and policy give None" in line for line in problems(packet))
