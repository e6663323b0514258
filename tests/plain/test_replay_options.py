"""`weighbridge replay`: which front end plays it, and with what."""

from __future__ import annotations

import sys
from argparse import Namespace
from types import ModuleType

import pytest
from program import Cli

from weighbridge import cli


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Namespace]]:
    """What was asked of which front end, instead of a replay."""
    asked: list[tuple[str, Namespace]] = []

    def room(name: str, entry: str) -> None:
        module = ModuleType(name)

        def play(args: Namespace) -> int:
            asked.append((name, args))
            return 0

        setattr(module, entry, play)
        monkeypatch.setitem(sys.modules, name, module)

    room("weighbridge.plain.verbs.replay", "main")
    room("weighbridge.tui.replay", "run_replay")
    return asked


def test_without_a_terminal_it_is_lines(played: list[tuple[str, Namespace]], here: Cli) -> None:
    assert here("replay", "packet").returncode == 0
    ((room, args),) = played
    assert room == "weighbridge.plain.verbs.replay"
    assert (args.packet, args.job, args.speed, args.plain) == ("packet", "proof", "1", False)


@pytest.mark.parametrize(
    ("option", "room"), [((), "weighbridge.tui.replay"), (("--plain",), "weighbridge.plain.verbs.replay")]
)
def test_on_a_terminal_it_is_the_full_screen_unless_lines_are_asked_for(
    played: list[tuple[str, Namespace]], monkeypatch: pytest.MonkeyPatch, here: Cli, option: tuple[str, ...], room: str
) -> None:
    monkeypatch.setattr(cli, "needs_prompts", lambda: False)
    assert here("replay", "20260131-120000-0a1b", "--job", "eval", "--speed", "step", *option).returncode == 0
    assert played[0][0] == room and (played[0][1].job, played[0][1].speed) == ("eval", "step")


@pytest.mark.parametrize("words", [("--speed", "2"), ("--job", "case"), ()])
def test_what_cannot_be_played_is_one_sentence(
    played: list[tuple[str, Namespace]], here: Cli, words: tuple[str, ...]
) -> None:
    done = here("replay", *(("packet", *words) if words else ()))
    assert done.returncode == 2 and not played and len(done.stderr.splitlines()) == 2
