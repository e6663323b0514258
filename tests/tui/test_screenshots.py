"""The committed pictures show what the wizard draws. `make screenshots` rewrites them; look at the diff of the .txt."""

from __future__ import annotations

import re
from itertools import zip_longest

import pytest
from scene_list import SCENES, Scene
from scenes import FOLDER, capture
from svg_text import svg_to_text


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.file)
async def test_the_committed_picture_is_what_the_wizard_draws(scene: Scene) -> None:
    committed = (FOLDER / f"{scene.file}.svg").read_text(encoding="utf-8")
    svg = await capture(scene, committed)
    drawn, expected = svg_to_text(svg), (FOLDER / f"{scene.file}.txt").read_text(encoding="utf-8")
    lines = zip_longest(drawn.splitlines(), expected.splitlines())
    assert [pair for pair in lines if pair[0] != pair[1]] == [], "(drawn, committed)"
    assert svg == committed, "same words, other colours"


def test_no_picture_is_left_over_and_none_loads_from_outside() -> None:
    assert {p.stem for p in FOLDER.glob("*.*")} == {scene.file for scene in SCENES}
    for picture in FOLDER.glob("*.svg"):
        # What a picture would load; an address that the wizard shows is text like any other.
        addresses = set(re.findall(r"[\"'(](https?://[^\s\"'<)]+)", picture.read_text(encoding="utf-8")))
        assert addresses <= {"http://www.w3.org/2000/svg", "https://www.textualize.io"}, picture.name
