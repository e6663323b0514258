"""Packs on disk: what is written loads again, comments stay, and no other file is written over."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from weighbridge.domain.problems import BadInput, Refused
from weighbridge.domain.verdict.cases import Case, CasePack
from weighbridge.services.cases.packs import built_in_ids, built_in_pack, find_pack, load_pack, save_pack
from weighbridge.session.verdict import cases as change

OWN = """\
# My own cases.
id = "own"

[[case]]
id = "one"
prompt = "One?"   # the first
grader = { kind = "includes", target = "1" }

# Why two is here.
[[case]]
id = "two"
prompt = "Two?"
grader = { kind = "includes", target = "2" }

[[case]]
id = "three"
prompt = "Three?"
grader = { kind = "includes", target = "3" }

[[case]]
id = "four"
prompt = "Four?"
grader = { kind = "includes", target = "4" }

[[case]]
id = "five"
prompt = "Five?"
grader = { kind = "includes", target = "5" }

[[case]]
id = "six"
prompt = "Six?"
grader = { kind = "includes", target = "6" }
"""


def with_case(pack: CasePack, **fields: object) -> CasePack:
    row = {"id": "odd", "prompt": "Odd?", "grader": {"kind": "includes", "target": "odd"}, **fields}
    return change.with_case(pack, Case.model_validate(row))


@pytest.mark.parametrize("pack_id", built_in_ids())
def test_every_built_in_pack_is_written_and_loads_as_the_same(pack_id: str, tmp_path: Path) -> None:
    pack, path = built_in_pack(pack_id), tmp_path / "copy.toml"
    save_pack(pack, path)
    assert load_pack(path) == pack and load_pack(path).digest == pack.digest


@pytest.mark.parametrize(
    "text",
    ["a\nb\n", "\nfirst", 'quote """ inside', "back\\slash \\n", "tab\t", "\x07 bell", "a\r\nb", "日本語\u2028x", " "],
)
def test_any_text_of_a_prompt_comes_back_to_the_letter(text: str, small: CasePack, tmp_path: Path) -> None:
    pack = with_case(small, prompt=text + "?", context=text, why=text)
    save_pack(pack, tmp_path / "p.toml")
    assert load_pack(tmp_path / "p.toml") == pack


def test_conversations_limits_and_schemas_come_back(small: CasePack, tmp_path: Path) -> None:
    turns = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Odd?"}]
    schema = {"type": "object", "properties": {"a": {"enum": ["x", 1]}}, "required": ["a"]}
    parts = [{"kind": "json_schema", "target": schema}, {"kind": "match", "target": 6, "numeric": True}]
    pack = with_case(
        small,
        prompt="",
        messages=turns,
        grader={"kind": "all", "of": parts},
        max_tokens=5,
        time_limit_s=1.5,
        tags=["a"],
    )
    save_pack(pack, tmp_path / "p.toml")
    assert load_pack(tmp_path / "p.toml") == pack


def test_a_null_is_named_with_its_case(small: CasePack, tmp_path: Path) -> None:
    pack = with_case(small, grader={"kind": "json_schema", "target": {"enum": [None]}})
    with pytest.raises(BadInput, match="The case odd holds a null"):
        save_pack(pack, tmp_path / "p.toml")
    assert list(tmp_path.iterdir()) == []


def test_the_text_of_unchanged_cases_stays_with_its_comments(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(OWN, encoding="utf-8")
    pack = change.with_moved(change.with_must_pass(load_pack(path), "three"), "one", 1)
    save_pack(with_case(pack), path)
    text = path.read_text(encoding="utf-8")
    assert load_pack(path) == with_case(pack)
    assert text.startswith("# My own cases.\n")
    assert "# the first" in text and '# Why two is here.\n[[case]]\nid = "two"' in text
    assert text.index('id = "two"') < text.index('id = "one"')


def test_a_file_keeps_its_permissions(small: CasePack, tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    save_pack(small, path)
    path.chmod(0o640)
    save_pack(with_case(small), path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_no_other_file_is_written_over_unasked(small: CasePack, tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear Ada", encoding="utf-8")
    with pytest.raises(Refused, match="is no cases file"):
        save_pack(small, letter)
    assert letter.read_text(encoding="utf-8") == "Dear Ada"
    save_pack(small, letter, over=True)
    assert load_pack(letter) == small
    with pytest.raises(BadInput, match="is a folder"):
        save_pack(small, tmp_path)
    with pytest.raises(BadInput, match="There is no folder"):
        save_pack(small, tmp_path / "none" / "p.toml")


def test_a_pack_is_found_by_id_or_by_path(small: CasePack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save_pack(small, tmp_path / "p.toml")
    save_pack(small, tmp_path / "refusal")
    assert find_pack("p.toml") == small and find_pack("p.toml", tmp_path) == small
    assert find_pack("refusal").id == "refusal" and find_pack("./refusal") == small
    for name in ("unknown", "x" * 5_000, "~nobody-here/x", "nul\0", "none.toml"):
        with pytest.raises(BadInput):
            find_pack(name)
