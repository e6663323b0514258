"""A beginning that is kept in the KV cache is reported, and changes no answer."""

from __future__ import annotations

from pathlib import Path

import pytest
from engine_rig import Rig, known, the
from markov_gguf import WORDS, write_model

from weighbridge.domain.proof.events import Completed, Event, Prefilled, PrefixChecked, RequestStarted, Token
from weighbridge.services.engine.child_prefix import common_prefix
from weighbridge.services.engine.llama_runtime import LlamaRuntime

A, B = WORDS, WORDS + 1
PLACES = "The ferry leaves from the east bank at seven, at nine and at noon. Question: "
QUESTIONS = ("When does it leave first?", "Which bank is it?", "Does it leave at ten?")


async def answered(runtime: LlamaRuntime, rig: Rig, prompt: str, reuse: bool = True) -> list[Event]:
    return [e async for e in runtime.generate(rig.request(prompt, reuse_prefix=reuse))]


async def test_the_same_answers_with_and_without(rig: Rig) -> None:
    runtime, _ = await rig.started(rig.launch(max_tokens=4))
    cold = [the(Completed, await answered(runtime, rig, PLACES + q, reuse=False)) for q in QUESTIONS]
    kept = [await answered(runtime, rig, PLACES + q) for q in QUESTIONS]
    checks = [[e for e in events if isinstance(e, PrefixChecked)] for events in kept]
    assert [len(found) for found in checks] == [1, 0, 0]
    check, warm = checks[0][0], [the(Completed, events) for events in kept]
    assert [one.output for one in warm] == [one.output for one in cold]
    assert check.reused_tokens > 20
    if check.same:  # Which it is depends on the processor's arithmetic; the answers never do.
        assert all(one.reused_tokens > 20 for one in warm)
        assert all(one.engine_prompt_tokens == known(one.prompt_tokens) - one.reused_tokens for one in warm)
    else:
        assert all(one.reused_tokens == 0 for one in warm)


async def test_what_is_kept_is_told_and_only_the_rest_is_computed(rig: Rig, tmp_path: Path) -> None:
    path = write_model(tmp_path / "m.gguf", {A: B, B: A})
    runtime, _ = await rig.started(rig.launch(model=path))
    prompts = ("a a a a", "a a a a b", "a a a a b b", "a a a a b b")
    seen = [await answered(runtime, rig, prompt) for prompt in prompts]
    check = the(PrefixChecked, seen[1])
    assert (check.same, check.reused_tokens, check.request) == (True, 4, "r")
    assert seen[1].index(check) < seen[1].index(the(RequestStarted, seen[1])), "before the clock of the TTFT starts"
    assert len([e for e in seen[1] if isinstance(e, Token)]) == 8, "the answer that is compared is told to nobody"
    assert [the(Completed, events).reused_tokens for events in seen] == [0, 5, 6, 6]
    assert [the(Prefilled, events).reused_tokens for events in seen] == [0, 5, 6, 6]
    assert the(Completed, seen[2]).engine_prompt_tokens == 1
    assert the(Completed, seen[3]).output == the(Completed, seen[2]).output
    assert not [e for events in seen[2:] for e in events if isinstance(e, PrefixChecked)]
    cold = the(Completed, await answered(runtime, rig, prompts[3], reuse=False))
    assert (cold.reused_tokens, cold.engine_prompt_tokens) == (0, 7)


async def test_a_memory_that_cannot_be_cut_is_computed_whole(rig: Rig, tmp_path: Path) -> None:
    path = write_model(tmp_path / "m.gguf", {A: B, B: A}, architecture="mamba")
    runtime, _ = await rig.started(rig.launch(model=path))
    seen = [await answered(runtime, rig, prompt) for prompt in ("a a a a", "a a a a b", "a a a a b b")]
    check = the(PrefixChecked, seen[1])
    assert not check.same and "cannot be cut" in check.reason
    assert [the(Completed, events).reused_tokens for events in seen] == [0, 0, 0]
    assert [the(Completed, events).output for events in seen] == [" b a b a b a b a", *[" a b a b a b a b"] * 2]
    assert not [e for e in seen[2] if isinstance(e, PrefixChecked)] and the(RequestStarted, seen[2])


@pytest.mark.parametrize(
    ("one", "other", "length"), [((), (1,), 0), ((1, 2), (1, 2), 2), ((1, 2, 3), (1, 3, 3), 1), ((1, 2), (1, 2, 3), 2)]
)
def test_the_common_beginning(one: tuple[int, ...], other: tuple[int, ...], length: int) -> None:
    assert common_prefix(one, other) == length
