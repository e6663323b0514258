"""Rows of data sets as cases: what is taken, and what is named with its line."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from weighbridge.domain.problems import BadInput
from weighbridge.domain.verdict.cases import Case
from weighbridge.domain.verdict.graders import AnyOf, Includes, Match
from weighbridge.services.cases.case_import import Imported, import_cases, pack_of

ROW = {"id": "a", "prompt": "A?", "target": "a"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def read(folder: Path, text: str | bytes, name: str = "in.txt", kind: str = "includes") -> Imported:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return import_cases(path, kind)


def one(folder: Path, **row: Any) -> Case:
    """The only case of a JSON line."""
    found = read(folder, json.dumps(row))
    assert not found.refused, found.refused
    return found.cases[0]


def refusal(folder: Path, **row: Any) -> str:
    found = read(folder, json.dumps({**ROW, **row}))
    assert not found.cases
    return found.refused[0].sentence


def test_the_names_of_a_csv_file_and_its_dialect(folder: Path) -> None:
    for sign in ",;\t|":
        rows = [["ID", "Question", "Expected", "must pass", "tags"], ["Q 1", f'a{sign} "b"\nc', "d", "yes", "x;y"]]
        with (folder / "in.csv").open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file, delimiter=sign).writerows(rows)
        found = import_cases(folder / "in.csv")
        (case,) = found.cases
        assert (case.id, case.prompt, case.must_pass, case.tags) == ("q-1", f'a{sign} "b"\nc', True, ("x", "y"))
        assert case.grader == Includes(kind="includes", target="d") and found.renamed == 1


def test_the_samples_of_inspect(folder: Path) -> None:
    about = {"why": "w", "tags": ["t"], "context": "Text.", "source": "web"}
    case = one(folder, input="Q?", target=["x", "y"], id=7, metadata=about)
    assert (case.id, case.prompt, case.why, case.tags, case.context) == ("7", "Q?", "w", ("t",), "Text.")
    assert isinstance(case.grader, AnyOf) and len(case.grader.of) == 2
    assert "choices cannot be taken over" in refusal(folder, choices=["1", "2"])


def test_the_samples_of_evals(folder: Path) -> None:
    turns = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "6 x 7?"}]
    case = one(folder, input=turns, ideal=42)
    assert [m.role for m in case.messages] == ["system", "user"] and case.id == "row-001"
    assert case.grader == Includes(kind="includes", target="42")


def test_graders_by_kind_by_object_and_by_text_of_an_object(folder: Path) -> None:
    number = Match.model_validate({"kind": "match", "target": "6", "numeric": True})
    assert one(folder, prompt="p", grader="numeric", target="6").grader == number
    assert one(folder, prompt="p", grader={"kind": "match", "numeric": True}, target="6").grader == number
    assert one(folder, prompt="p", grader=number.model_dump_json()).grader == number
    assert one(folder, prompt="p", grader="refusal").grader.kind == "refusal"
    assert one(folder, prompt="p", grader="json", target={"a": "string"}).grader.kind == "json"
    assert read(folder, json.dumps(ROW), kind="match").cases[0].grader == Match(kind="match", target="a")


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"prompt": ""}, "nothing is asked"),
        ({"question": "B?"}, "prompt and question are both filled"),
        ({"messages": [{"role": "user", "content": "x"}]}, "both a prompt and messages"),
        ({"prompt": None, "messages": "not json"}, "messages: 'not json' is not valid JSON"),
        ({"prompt": None, "messages": [{"role": "assistant", "content": "x"}]}, "has to be the user's"),
        ({"prompt": None, "messages": [{"role": "boss", "content": "x"}]}, "messages.0.role: 'boss' is not one of"),
        ({"target": None}, "nothing is expected"),
        ({"grader": "magic"}, "'magic' is no grader"),
        ({"grader": {"kind": "includes", "target": "b"}}, "grader and target both say"),
        ({"grader": "pattern", "target": "("}, "not a regular expression"),
        ({"must_pass": "maybe"}, "must_pass: 'maybe' is neither yes nor no"),
        ({"prompt": "a\0b"}, "prompt holds a NUL"),
        ({"context": {"deep": ["a\0b"]}}, "context holds a NUL"),
        ({"prompt": "x" * 100_001}, "prompt: "),
        ({"prompt": "\ud800"}, "prompt: "),
        ({"max_tokens": 0}, "max_tokens: must be at least 1"),
        ({"time_limit_s": "soon"}, "time_limit_s: 'soon' is not a number"),
        ({"tags": {"a": 1}}, "tags: "),
    ],
)
def test_a_row_that_is_no_case_is_named_in_one_sentence(folder: Path, row: dict[str, Any], says: str) -> None:
    said = refusal(folder, **row)
    assert said.startswith("line 1: ") and says in said and "\n" not in said and len(said) < 500


def test_lines_that_are_no_rows_are_named_and_the_others_taken(folder: Path) -> None:
    lines = [
        json.dumps(ROW),
        "{oops",
        "",
        '["a"]',
        '{"id": "b", "id": "c"}',
        "[" * 100_000,
        json.dumps(ROW),
        '{"a": 1}',
    ]
    found = read(folder, "\n".join(lines))
    assert [case.id for case in found.cases] == ["a"]
    said = [bad.sentence for bad in found.refused]
    assert [s.split(":")[0] for s in said] == ["line 2", "line 4", "line 5", "line 6", "line 7", "line 8"]
    assert "column 2" in said[0] and "not an object" in said[1] and "stands twice" in said[2]
    assert "nested too deeply" in said[3] and "its id a is that of line 1 too" in said[4]
    assert found.count == "1 row taken, 6 refused"


def test_lines_of_a_csv_file_are_counted_with_the_breaks_inside_cells(folder: Path) -> None:
    found = read(folder, 'id,prompt,target\na,"x\ny",1\nb,too,many,cells\n\nc,,1\nd,"open,1\n')
    assert [case.id for case in found.cases] == ["a"]
    assert [bad.sentence for bad in found.refused] == [
        "line 4: 4 cells, and the first line names 3 columns",
        "line 6: nothing is asked: prompt, input, question and messages are all empty",
        "line 7: a quote is opened here and not closed before the end of the file",
    ]


def test_a_cell_of_ten_megabytes_and_a_formula(folder: Path) -> None:
    before = csv.field_size_limit()
    found = read(folder, f"id,prompt,target\na,=cmd|' /C calc'!A0,1\nb,{'x' * 10_000_000},1\n")
    assert [case.prompt for case in found.cases] == ["=cmd|' /C calc'!A0"]
    assert found.refused[0].place == "line 3"
    assert csv.field_size_limit() == before


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "holds no rows"),
        (b"\n \n", "holds no rows"),
        (b"id,prompt,target\n", "holds no rows"),
        ("id,prompt\n".encode("utf-16"), "UTF-16"),
        (b"id,prompt\na,b\nc,\xff\n", "line 3: not UTF-8"),
        (b"id,prompt,prompt\na,b,c\n", "the column 'prompt' stands twice"),
        (b'[{"id": "a"},\n oops]', "line 2: not valid JSON"),
    ],
)
def test_a_file_without_rows_is_refused(folder: Path, data: bytes, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        read(folder, data)


def test_a_json_array_counts_rows_and_unknown_columns_are_told(folder: Path) -> None:
    rows = [{**ROW, "id": f"c{n}", "note": "n", "Empty": ""} for n in range(6)]
    found = read(folder, json.dumps([*rows, 5]), name="My Set.json")
    assert found.left_out == ("note",) and found.refused[0].place == "row 7"
    with pytest.raises(BadInput, match="1 of 7 rows cannot be taken; row 7"):
        found.require_whole()
    pack = pack_of(found)
    assert pack.id == "my-set" and len(pack.case) == 6


def test_fewer_than_five_rows_make_no_pack(folder: Path) -> None:
    with pytest.raises(BadInput, match="case: 1 case; at least 5") as few:
        pack_of(read(folder, json.dumps(ROW)))
    assert few.value.hint == "Add 4 rows at least."
    with pytest.raises(BadInput) as refused:
        pack_of(read(folder, json.dumps(ROW) + "\n{oops"))
    assert refused.value.hint == "Correct the refused rows, or add 4 rows at least."


@pytest.mark.slow
def test_a_hundred_thousand_rows(folder: Path) -> None:
    rows = (json.dumps({"input": f"{n}?", "target": n}) for n in range(100_000))
    found = read(folder, "\n".join(rows))
    assert len(pack_of(found).case) == 100_000
