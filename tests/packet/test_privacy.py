"""Nothing of this machine or its user is in any byte of a packet."""

from __future__ import annotations

import getpass
import json
import platform
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from packet.forge import document, problems

from weighbridge.domain.problems import Refused
from weighbridge.domain.proof.events import Completed, Event, Token
from weighbridge.domain.proof.measure import request_figures
from weighbridge.services.packet_io.evidence import PacketSource
from weighbridge.services.packet_io.redact import Redactor
from weighbridge.services.packet_io.verify import verify_packet

HOME = "/home/anna.example"
TOKEN = "hf_" + "a1B2" * 8
Save = Callable[[PacketSource], Path]


@pytest.fixture(autouse=True)
def anna(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine of somebody with a name."""
    monkeypatch.setenv("HOME", HOME)
    monkeypatch.setattr(getpass, "getuser", lambda: "anna.example")
    monkeypatch.setattr(platform, "node", lambda: "annas-laptop.lan")


def every_byte(packet: Path) -> bytes:
    return b"".join(str(p).encode() + p.read_bytes() for p in sorted(packet.rglob("*")) if p.is_file())


def spoken(source: PacketSource, output: str) -> PacketSource:
    """The source with another first answer, one character a token."""
    events: list[Event] = []
    for event in source.events:
        if isinstance(event, Token) and event.request == "first-run":
            continue
        if isinstance(event, Completed) and event.request == "first-run":
            token = Token(t=event.t, request="first-run", index=0, text="")
            events += [token.model_copy(update={"index": i, "text": char}) for i, char in enumerate(output)]
            event = event.model_copy(update={"output": output, "output_tokens": len(output)})
        events.append(event)
    assert source.run.proof
    proof = source.run.proof.model_copy(update={"output": output})
    return replace(source, events=events, run=source.run.model_copy(update={"proof": proof}))


def test_a_log_loses_folders_names_and_tokens(source: PacketSource, save: Save) -> None:
    log = (
        f"loading {HOME}/models/x.gguf on annas-laptop.lan for anna.example, annas-laptop\n"
        f"backend /usr/local/lib/python3/ggml.so, C:\\Users\\Anna\\x.dll, token {TOKEN}\n"
        "see https://huggingface.co/org/repo and https://user:secret@host/x\n"
    )
    packet = save(replace(source, logs=dict.fromkeys(source.logs, log)))
    kept = (packet / f"data/logs/{next(iter(source.logs))}").read_text("utf-8")
    assert kept == (
        "loading [home]/models/x.gguf on [name] for [name], [name]\n"
        "backend [folder]/ggml.so, [folder]/x.dll, token [credential]\n"
        "see https://huggingface.co/org/repo and https://[credential]@host/x\n"
    )
    for private in (b"annas-laptop", b"anna.example", b"Anna", TOKEN.encode(), b"user:secret"):
        assert private not in every_byte(packet)


def test_the_home_folder_in_typed_text_is_replaced(source: PacketSource, save: Save) -> None:
    run = source.run.model_copy(
        update={"constraints": source.run.constraints.model_copy(update={"task": f"read {HOME}/notes"})}
    )
    packet = save(replace(source, run=run))
    assert HOME.encode() not in every_byte(packet)
    assert json.loads((packet / "data/decision.json").read_text())["constraints"]["task"] == "read [home]/notes"


def test_an_answer_that_spells_the_home_folder_is_replaced_token_by_token(source: PacketSource, save: Save) -> None:
    changed = spoken(source, f"it is\n{HOME}/x, yes")
    assert source.run.proof and changed.run.proof
    packet = save(changed)
    lines = [json.loads(line) for line in (packet / "data/events.jsonl").read_text("utf-8").splitlines()]
    tokens = [e["text"] for e in lines if e["event"] == "token" and e["request"] == "first-run"]
    assert "".join(tokens) == "it is\n[home]/x, yes"
    assert b"anna" not in every_byte(packet)
    assert [c.detail for c in verify_packet(packet).checks if not c.ok] == []


def test_redacted_tokens_keep_their_times(source: PacketSource) -> None:
    changed = spoken(source, f"\n{HOME}/x")
    before = request_figures(changed.events)
    after = request_figures(Redactor({HOME: "[home]"}).events(changed.events))
    assert [f.model_copy(update={"output": ""}) for f in before] == [f.model_copy(update={"output": ""}) for f in after]
    assert "\n[home]/x" in [f.output for f in after]


def test_a_case_that_names_the_home_folder_is_refused(source: PacketSource, tmp_path: Path, save: Save) -> None:
    evaluation = source.run.evaluation
    assert evaluation
    case = evaluation.pack.case[0].model_copy(update={"prompt": f"What is in {HOME}?"})
    pack = evaluation.pack.model_copy(update={"case": (case, *evaluation.pack.case[1:])})
    run = source.run.model_copy(update={"evaluation": evaluation.model_copy(update={"pack": pack})})
    with pytest.raises(Refused, match="laptop-01 names a folder"):
        save(replace(source, run=run))
    assert not list(tmp_path.glob("saved*")) and not list(tmp_path.glob(".weighbridge-*"))


def test_the_last_look_refuses_what_slipped_through() -> None:
    redactor = Redactor({HOME: "[home]"})
    for text in (f"x {HOME}/y", f"{HOME}", f'{{"a":"-I{HOME}"}}', f"key {TOKEN}"):
        with pytest.raises(Refused, match=r"data/x\.txt"):
            redactor.check({"data/x.txt": text.encode()})
    redactor.check({"data/x.txt": b"/home/anna.example2 and /home/anna"})


def test_a_short_home_folder_is_found_as_a_path_only() -> None:
    redactor = Redactor({"/root": "[home]"})
    assert redactor.text("in /root/x, \n/root and PATH=/root:") == "in [home]/x, \n[home] and PATH=[home]:"
    assert redactor.text("the square/root of /rootfs") == "the square/root of /rootfs"


def test_a_windows_folder_is_found_as_json_writes_it_too() -> None:
    redactor = Redactor({"C:\\Users\\Anna": "[home]"})
    assert redactor.text("C:\\Users\\Anna\\x C:/Users/Anna/y C:\\\\Users\\\\Anna\\\\z") == (
        "[home]\\x [home]/y [home]\\\\z"
    )


def test_the_models_folder_is_no_part_of_a_packet(source: PacketSource, save: Save) -> None:
    assert source.run.model
    folder = str(Path(source.run.model.path).parent)
    packet = save(
        replace(source, folders=[(folder, "[model folder]")], logs=dict.fromkeys(source.logs, f"at {folder}/m\n"))
    )
    assert folder.encode() not in every_byte(packet)


def test_what_was_taken_out_is_listed_and_never_said(source: PacketSource, save: Save) -> None:
    changed = spoken(source, f"{HOME}/x on annas-laptop.lan")
    packet = save(replace(changed, logs=dict.fromkeys(source.logs, f"token {TOKEN} in {HOME}/a {HOME}/b\n")))
    listed = json.loads((packet / "data/redactions.json").read_text())["replaced"]
    by_file = {(row["file"], row["label"]): (row["kind"], row["count"]) for row in listed}
    log = f"data/logs/{next(iter(source.logs))}"
    assert by_file[log, "[home]"] == ("folder", 2) and by_file[log, "[credential]"] == ("credential", 1)
    assert by_file["data/events.jsonl", "[name]"][0] == "name"
    assert b"anna" not in every_byte(packet)
    assert [c.detail for c in verify_packet(packet).checks if not c.ok] == []


def test_a_list_of_what_was_taken_out_that_is_wrong_is_found(source: PacketSource, save: Save) -> None:
    def one_more(file: dict[str, Any]) -> None:
        file["replaced"][0]["count"] += 1

    packet = save(replace(source, logs=dict.fromkeys(source.logs, f"in {HOME}/a\n")))
    document(packet, "redactions.json", one_more)
    assert any(line.startswith("redactions: ") and "the list says 2" in line for line in problems(packet))


def test_a_host_name_that_is_a_word_stays_in_what_was_said(
    source: PacketSource, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "node", lambda: "laptop")
    packet = save(spoken(source, "A laptop is enough."))
    assert "A laptop is enough." in json.loads((packet / "data/runtime.json").read_text())["proof"]["output"]


@pytest.mark.parametrize("private", ["/root", f"{HOME}/x", TOKEN, "annas-laptop.lan", "https://a:secret@host/x"])
@pytest.mark.parametrize("before", ["\n", "\t", " ", "\u202e", '"', ""])
def test_whatever_is_taken_out_of_a_text_is_suspected_in_its_json(private: str, before: str) -> None:
    redactor = Redactor({HOME: "[home]", "/root": "[root]"})
    event = Completed(
        t=0, request="r", output=f"so{before}{private} and", stop_reason="eos", prompt_tokens=1, output_tokens=1,
        prefill_s=0.1, engine_prompt_ms=1, engine_prompt_tokens=1, engine_decode_ms=1, engine_decode_tokens=1,
    )  # fmt: skip
    if redactor.text(event.output) != event.output:
        assert redactor.suspects(event.model_dump_json())
    assert not redactor.suspects(event.model_copy(update={"output": "A laptop is enough."}).model_dump_json())
