"""Where an API key goes, and where it is never found."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest
from bad_server import BadServer, Reply, error, events, models, piece, reply, stream
from endpoint_rig import CHAT, NAME, QUESTION, answer, failure, kinds, runtime_of
from fakes import quiet

from weighbridge.domain.intents import Answer, Confirm
from weighbridge.domain.problems import BadInput, Refused
from weighbridge.domain.proof.events import Completed, Connected, Event, Failed, Token
from weighbridge.domain.steps import ORDER
from weighbridge.services.endpoint import keys
from weighbridge.services.endpoint.client import Client
from weighbridge.services.endpoint.openai.choice import describe
from weighbridge.services.endpoint.problems import EndpointProblem, KeyNeeded, PlainHttp
from weighbridge.services.endpoint.veil import BLOT, Veil
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Deps, Session, real_deps

KEY = "sk-geheim-0123456789abcdef"
HUB_TOKEN = "hf_abcdefghijklmnopqrstuvwxyz"
PUBLIC = "http://models.example:8000/v1"


@pytest.fixture
def keyed(bad: BadServer, monkeypatch: pytest.MonkeyPatch) -> BadServer:
    """A server whose key the person has put into the environment."""
    monkeypatch.setenv(keys.VARIABLE, KEY)
    return bad.on("/v1/models", models(NAME))


async def test_the_key_goes_with_every_question_to_the_chosen_server(keyed: BadServer) -> None:
    await answer(keyed.on(CHAT, stream("Paris")))
    assert keyed.seen and {one.headers["authorization"] for one in keyed.seen} == {f"Bearer {KEY}"}


async def test_a_typed_key_goes_to_its_own_origin_alone(bad: BadServer) -> None:
    with BadServer() as other:
        keys.give(bad.base_url, KEY)
        await answer(bad.on(CHAT, stream("Paris")))
        await answer(other.on(CHAT, stream("Paris")))
    assert all("authorization" in one.headers for one in bad.seen)
    assert other.seen and not any("authorization" in one.headers for one in other.seen)


async def test_no_token_of_the_hub_and_no_login_of_the_machine_is_sent(
    bad: BadServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    for name, value in {
        **dict.fromkeys(("HF_TOKEN", "OPENAI_API_KEY", "HUGGING_FACE_HUB_TOKEN"), HUB_TOKEN),
        "NETRC": str(netrc),
        **dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY"), "http://127.0.0.1:9"),
    }.items():
        monkeypatch.setenv(name, value)
    await answer(bad.on(CHAT, stream("Paris")))
    assert bad.seen and not any({"authorization", "cookie"} & set(one.headers) for one in bad.seen)
    assert HUB_TOKEN not in str(bad.seen)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_to_another_host_is_told_and_gets_nothing(status: int, keyed: BadServer) -> None:
    with BadServer() as thief:
        away = thief.root.replace("127.0.0.1", "localhost")
        moved = Reply(status, headers={"Location": f"{away}/v1/chat/completions?key={KEY}"})
        failed = await failure(keyed.on(CHAT, moved))
        assert f"sends {CHAT} on to {away}: it was not followed, and no key sent there." in failed.message
        assert thief.seen == []
    assert KEY not in failed.message


async def test_no_key_goes_unencrypted_to_a_public_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(keys.VARIABLE, KEY)
    with pytest.raises(PlainHttp) as refused:
        await describe(PUBLIC, "now")
    assert "would go unencrypted to http://models.example:8000, a public host" in str(refused.value)
    assert refused.value.exit_code == 3 and "--key-over-http" in refused.value.hint


@pytest.mark.parametrize("address", ["http://10.0.0.5/v1", "http://localhost:1/v1", "https://models.example/v1"])
def test_a_key_may_go_to_the_own_network_and_wherever_it_is_encrypted(address: str) -> None:
    keys.give(address, KEY)
    keys.require_private_way(address)


def test_an_agreement_is_for_one_origin() -> None:
    for address in (PUBLIC, PUBLIC.replace("8000", "8001")):
        keys.give(address, KEY)
    keys.accept_plain(PUBLIC)
    keys.require_private_way(PUBLIC)
    with pytest.raises(PlainHttp):
        keys.require_private_way(PUBLIC.replace("8000", "8001"))


async def test_a_key_that_is_refused_is_told_apart_from_one_that_lacks(bad: BadServer) -> None:
    bad.on("/v1/models", error(401, f"Incorrect API key provided: {KEY}."))
    with pytest.raises(KeyNeeded, match="asks for an API key") as lacks:
        await describe(bad.base_url, "now")
    keys.give(lacks.value.address, KEY)
    with pytest.raises(KeyNeeded, match="refuses the API key") as refused:
        await describe(bad.base_url, "now")
    assert (lacks.value.given, refused.value.given) == (False, True)
    assert str(refused.value).endswith(f"(401): Incorrect API key provided: {BLOT}.")


@pytest.mark.parametrize(
    "address", ["http://me:pw@host/v1", "https://sk-secret@host/v1", "https://host/v1?key=sk-secret"]
)
async def test_an_address_that_holds_a_secret_is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(BadInput) as refused:
        await describe(address, "now")
    assert not any(secret in f"{refused.value} {refused.value.hint}" for secret in ("pw", "sk-secret", "me:"))


async def test_a_server_that_sends_the_key_back_gets_it_into_no_event(keyed: BadServer) -> None:
    """In facts, in names, whole, in pieces, in an error: an evidence packet is shown to others."""
    keyed.on("/v1/models", models(NAME, root=f"at {KEY}", owned_by="vllm")).on("/version", reply({"version": KEY}))
    letters = [piece(letter) for letter in f"It is {KEY}!"]
    keyed.on(CHAT, events(*letters, piece(f" {KEY}", "stop"), "[DONE]"), error(500, f"bad {KEY}"))
    seen = await everything_of(keyed)
    assert KEY not in "".join(event.model_dump_json() for event in seen)
    (done,) = kinds(seen, Completed)
    assert done.output == f"It is {BLOT}! {BLOT}"
    assert "".join(token.text for token in kinds(seen, Token)) == done.output
    assert kinds(seen, Connected)[0].facts["root"] == f"at {BLOT}"
    assert kinds(seen, Failed)[0].message.endswith(f"bad {BLOT}. See the server's own log.")


async def everything_of(server: BadServer) -> list[Event]:
    """A start, two requests and the stop."""
    runtime = runtime_of(server.base_url, max_tokens=100)
    seen = [event async for event in runtime.start()]
    for request in (QUESTION, QUESTION):
        seen += [event async for event in runtime.generate(request)]
    stopped = await runtime.stop()
    assert stopped is not None
    return [*seen, stopped]


@pytest.mark.parametrize("size", [1, 2, 5, 6, 7, 40])
def test_no_way_of_cutting_an_answer_lets_the_key_through(size: int) -> None:
    text = f"{KEY[:8]} {KEY}{KEY} and {KEY[:-1]}"
    veil = Veil(KEY)
    shown = "".join(veil.piece(text[at : at + size]) for at in range(0, len(text), size)) + veil.rest()
    assert shown == text.replace(KEY, BLOT)


async def test_the_key_is_nowhere_in_what_a_run_leaves(
    keyed: BadServer, home: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Proof, eval and packet with a server that knows the key: no file, no log, no line of output has it."""
    caplog.set_level(logging.DEBUG)
    keyed.on(CHAT, stream("The key is ", KEY))
    session = Session.create(RunStore(home), replace(real_deps(home), conditions=quiet))
    await session.choose_model(f"{keyed.base_url}#{NAME}")
    for job in (session.prove(), session.evaluate()):
        assert [event async for event in job]
    for step in ORDER[:-1]:
        session.apply(Confirm(step=step))
    await session.write_packet(tmp_path / "packet")
    await session.close()
    files = [path for folder in (home, tmp_path / "packet") for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 20
    assert not [path for path in files if KEY.encode() in path.read_bytes()]
    assert BLOT in (session.folder / "events.jsonl").read_text(encoding="utf-8")
    assert KEY not in caplog.text + "".join(capfd.readouterr())
    assert keyed.asked(CHAT)[0].headers["authorization"] == f"Bearer {KEY}", "the server did get it"


async def test_another_host_is_not_asked_even_by_its_full_address(keyed: BadServer) -> None:
    with BadServer() as other:
        async with Client(keyed.base_url) as client:
            with pytest.raises(EndpointProblem, match="is not the chosen server: it is not asked"):
                await client.text(f"{other.root}/metrics")
        assert other.seen == []


@pytest.mark.parametrize("key", ["schlüssel", "sk-\nX: y", "sk a"])
async def test_a_key_that_is_none_is_said_before_anything_is_sent(
    key: str, bad: BadServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(keys.VARIABLE, key)
    with pytest.raises(BadInput, match="holds signs that no key has"):
        await describe(bad.base_url, "now")
    assert bad.seen == []


async def test_blanks_around_a_key_are_none_of_it(bad: BadServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(keys.VARIABLE, f" {KEY}\n")
    await describe(bad.on("/v1/models", models(NAME)).base_url, "now")
    assert bad.seen[0].headers["authorization"] == f"Bearer {KEY}"


async def test_private_inputs_refuse_a_public_host_before_it_is_asked_or_gets_a_key(
    monkeypatch: pytest.MonkeyPatch, deps: Deps, store: RunStore
) -> None:
    monkeypatch.setenv(keys.VARIABLE, KEY)
    monkeypatch.setenv("OLLAMA_HOST", "http://models.example:11434")
    session = Session.create(store, deps)
    session.apply(Answer(field="privacy", value="private_docs"))
    for spec in (PUBLIC, "ollama:tiny"):
        with pytest.raises(Refused, match=r"models\.example is not one of them"):
            await session.choose_model(spec)
    await session.close()


def test_a_certificate_authority_of_ones_own_has_to_be_readable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    with pytest.raises(BadInput, match="SSL_CERT_FILE names no certificates"):
        Client("https://models.example/v1")
    assert Client("http://models.example/v1").host == "models.example", "without encryption nobody's are read"
