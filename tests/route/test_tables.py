"""The built-in tables, and a person's own families."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from weighbridge.domain.problems import BadInput
from weighbridge.domain.route.table import GIB, Tables
from weighbridge.services.tables import load_tables

OWN = """
[[family]]
id = "{id}"
name = "Phi family"
routes = ["local_cpu"]
runtimes = ["llama_cpp"]
smallest = "Phi-mini"
smallest_params_b = 3.8
bytes_per_param = 0.6
overhead_gib = 0.5
serves_api = false
budget_floor = "small"
examples = ["org/phi-mini"]
licence = "mit"
"""


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_the_built_in_tables_hold_what_the_lesson_names(tables: Tables) -> None:
    assert [row.id for row in tables.families] == [
        "small-instruct",
        "qwen",
        "llama",
        "mistral",
        "gpt-oss",
        "reasoning",
    ]
    assert [row.name for row in tables.runtimes] == [
        "llama.cpp",
        "Transformers",
        "Ollama",
        "vLLM",
        "SGLang",
        "Notebook",
    ]
    assert [row.id for row in tables.routes] == ["local_cpu", "free_colab", "rented_gpu"]
    assert len(tables.situations) == 5
    members = {name for row in tables.lesson for name in row.members}
    assert members <= {row.id for row in tables.families}
    orders = {name for row in tables.routes for name in row.runtime_order}
    assert orders == {row.id for row in tables.runtimes}


def test_memory_follows_the_formula(tables: Tables) -> None:
    mistral = next(row for row in tables.families if row.id == "mistral")
    assert mistral.memory_bytes == pytest.approx(7.25e9 * 0.6 + 0.8 * GIB)


def test_an_own_family_is_added_and_one_with_a_known_id_replaced(tmp_path: Path) -> None:
    added = load_tables(own=write(tmp_path / "own.toml", OWN.format(id="phi")))
    assert [row.id for row in added.families][-1] == "phi" and len(added.families) == 7
    write(tmp_path / "families.toml", OWN.format(id="mistral"))
    replaced = load_tables(config_dir=tmp_path)
    assert len(replaced.families) == 6
    assert next(row.name for row in replaced.families if row.id == "mistral") == "Phi family"


def test_a_config_folder_without_the_file_changes_nothing(tmp_path: Path, tables: Tables) -> None:
    assert load_tables(config_dir=tmp_path) == tables


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (OWN.format(id="phi").replace("licence", "license"), "line 14: family[0].license: unknown key"),
        (OWN.format(id="phi").replace('licence = "mit"', ""), "line 2: family[0].licence: this key is missing"),
        (OWN.format(id="phi").replace('"local_cpu"', '"laptop"'), "line 5: family[0].routes[0]: 'laptop'"),
        (OWN.format(id="phi").replace("3.8", "-1"), "line 8: family[0].smallest_params_b"),
        (OWN.format(id="phi").replace('"llama_cpp"', '"vlm"'), "unknown runtime 'vlm'; allowed: llama_cpp"),
        (OWN.format(id="phi") * 2, "two families have the id 'phi'"),
        ("[[family]\n", "line 1: not valid TOML"),
        ("", "family: this key is missing"),
    ],
)
def test_a_wrong_own_file_is_answered_with_file_line_and_fix(tmp_path: Path, text: str, words: str) -> None:
    path = write(tmp_path / "own.toml", text)
    with pytest.raises(BadInput) as caught:
        load_tables(own=path)
    assert str(caught.value).startswith(str(path)) and words in str(caught.value)
    assert caught.value.hint


def test_a_file_that_is_no_text_is_said_so(tmp_path: Path) -> None:
    binary = tmp_path / "own.toml"
    binary.write_bytes(b"a = 1\n\xff\xfe")
    with pytest.raises(BadInput, match="line 2: not UTF-8"):
        load_tables(own=binary)
    with pytest.raises(BadInput, match="cannot be read"):
        load_tables(own=tmp_path)
    with pytest.raises(BadInput, match="cannot be read: No such file"):
        load_tables(own=tmp_path / "absent.toml")
    os.truncate(binary, 2_000_000)
    with pytest.raises(BadInput, match="more than 1,000,000 bytes"):
        load_tables(own=binary)


def test_commands_are_filled_and_quoted(tables: Tables) -> None:
    serve = next(row for row in tables.route("rented_gpu").command if row.text.startswith("vllm serve"))
    text = serve.filled("Qwen/Qwen2.5-7B-Instruct", "a09a35458c70", 4096)
    assert text.startswith("vllm serve Qwen/Qwen2.5-7B-Instruct --revision a09a35458c70 ")
    assert "--max-model-len 4096" in text
    assert "'a;rm -rf ~'" in serve.filled("a;rm -rf ~", "", 1)
    assert "--revision REVISION" in serve.filled("a/b", "", 1)


def test_commands_leave_no_gap_and_name_no_price(tables: Tables) -> None:
    for route in tables.routes:
        for command in route.command:
            filled = command.filled("a/b", "main", 4096)
            assert not any(gap in filled for gap in ("{repo}", "{revision}", "{n_ctx}"))
    assert all(row.command for row in tables.routes if row.id != "local_cpu")
