"""`weighbridge load` against a real llama-server, and against servers that fail."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from bad_server import BadServer, Reply, error, models, stream, usage
from real_servers import RealServer
from real_servers import llama_server as llama_server

from weighbridge.cli import main
from weighbridge.services.runs.load_lines import read_load
from weighbridge.services.runs.store import RunStore

CHAT, MODELS = "/v1/chat/completions", "/v1/models"


@pytest.fixture
def pack(tmp_path: Path) -> str:
    """Five short cases, each answered in two tokens at most."""
    case = """
    [[case]]
    id = "case-{0}"
    prompt = "Say {0}."
    max_tokens = 2
    grader = {{kind = "includes", target = "{0}"}}
    """
    path = tmp_path / "short.toml"
    path.write_text('id = "short"\n' + "".join(case.format(number) for number in range(5)), encoding="utf-8")
    return str(path)


def loaded(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, list[dict[str, Any]], str]:
    """Exit code, the objects of --json, and what a person was told."""
    code = main(["load", *args, "--json"])
    out = capsys.readouterr()
    return code, [json.loads(line) for line in out.out.splitlines()], out.err


def sound(*, tokens: int = 3) -> Reply:
    return stream("one", " two", " three", last=({"choices": [], "usage": usage(9, tokens)},))


def test_a_real_server_at_one_and_two_at_once(
    llama_server: RealServer, pack: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, objects, err = loaded(capsys, llama_server.spec, "--cases", pack, "--concurrency", "1,2", "--requests", "2")
    assert code == 0, err
    *steps, summary = objects
    assert [(one["event"], one["concurrency"], one["requests"], one["errors"]) for one in steps] == [
        ("step", 1, 2, 0),
        ("step", 2, 2, 0),
    ]
    assert all(step["output_tokens"] == 4 and step["ttft_s"]["n"] == 2 for step in steps)
    assert (summary["event"], summary["ended"], summary["connected"]["engine"]) == ("summary", "through", "llama.cpp")
    assert summary["scaling"][0]["concurrency"] == 2
    assert "2 at once: 2 answers" in err
    run = RunStore(home).load(summary["run"])
    assert run.load is not None and len(run.load.steps) == 2
    lines = list(read_load(home / "runs" / run.id, run.load.id))
    assert len(lines) == 4
    assert all(line.t_start < line.t_pieces[0] <= line.t_end and line.prompt_tokens for line in lines)


def test_the_table_of_a_person_and_the_way_the_server_is_asked(pack: str, capsys: pytest.CaptureFixture[str]) -> None:
    with BadServer() as server:
        server.on(MODELS, models("tiny")).on(CHAT, sound())
        code = main(["load", f"{server.base_url}#tiny", "--cases", pack, "--concurrency", "1,2", "--max-tokens", "7"])
        out = capsys.readouterr().out
        asked = server.asked(CHAT)
    assert code == 0
    assert all(len(line) <= 100 for line in out.splitlines())
    assert "10 answers: median and range; p95 needs 59 of them." in out
    assert "2 at once give " in out
    assert [one.body["max_tokens"] for one in asked] == [8] + [2] * 20


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        (error(429, "no free slot", Retry_After="1"), "takes no more requests at present (429): no free slot."),
        (error(500, "out of memory"), "failed (500): out of memory."),
        (Reply(200, (b"<html>",), kind="text/html"), "sent a web page"),
    ],
)
def test_the_first_error_ends_the_ramp_with_4_and_says_why(
    bad: Reply, sentence: str, pack: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with BadServer() as server:
        server.on(MODELS, models("tiny")).on(CHAT, *[sound()] * 7, bad, sound())
        code, objects, err = loaded(
            capsys, f"{server.base_url}#tiny", "--cases", pack, "--concurrency", "1,2,4", "--requests", "4"
        )
    *steps, summary = objects
    assert code == 4 and summary["ended"] == "errors"
    assert [step["concurrency"] for step in steps] == [1, 2]
    assert steps[-1]["requests"] < 4 and steps[-1]["errors"] == 1
    assert sentence in steps[-1]["error_sentences"][0]
    assert sentence in err


def test_a_server_that_fails_at_the_warm_up_is_said_with_4(pack: str, capsys: pytest.CaptureFixture[str]) -> None:
    with BadServer() as server:
        server.on(MODELS, models("tiny")).on(CHAT, error(500, "out of memory"))
        code, objects, err = loaded(capsys, f"{server.base_url}#tiny", "--cases", pack)
    assert code == 4 and "out of memory" in err
    assert [(one["event"], one["ended"]) for one in objects] == [("summary", "failed")]


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("bundled",), 3),
        (("http://127.0.0.1:1/v1#tiny", "--concurrency", "4,2"), 2),
        (("http://127.0.0.1:1/v1#tiny", "--requests", "none"), 2),
        (("http://127.0.0.1:1/v1#tiny", "--cases", "no-such-pack"), 2),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_no_run(
    args: tuple[str, ...], code: int, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["load", *args]) == code
    out = capsys.readouterr()
    assert out.out == "" and out.err.startswith("weighbridge: ")
    assert RunStore(home).list() == []
