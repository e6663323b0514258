"""Names and pasted addresses of the Hub: which repository, revision and file they mean, and what means none."""

from __future__ import annotations

import pytest

from weighbridge.domain.problems import BadInput
from weighbridge.services.hub.name import named
from weighbridge.services.model_file import is_hub_spec, resolve

GOOD = [
    ("org/repo", ("org/repo", "", "")),
    ("org/repo@v1.0", ("org/repo", "v1.0", "")),
    ("org/repo@feature/x", ("org/repo", "feature/x", "")),
    ("org/repo@refs/pr/3", ("org/repo", "refs/pr/3", "")),
    ("org/repo:a.Q4_K_M.gguf", ("org/repo", "", "a.Q4_K_M.gguf")),
    ("org/repo@0123456789abcdef:sub/a.gguf", ("org/repo", "0123456789abcdef", "sub/a.gguf")),
    ("https://huggingface.co/org/repo", ("org/repo", "", "")),
    ("https://huggingface.co/org/repo/tree/dev", ("org/repo", "dev", "")),
    ("https://huggingface.co/org/repo/blob/main/a.gguf?download=true", ("org/repo", "main", "a.gguf")),
    ("huggingface.co/org/repo", ("org/repo", "", "")),
    ("hf.co/org/repo", ("org/repo", "", "")),
    ("hf://org/repo@v1/a.gguf", ("org/repo", "v1", "a.gguf")),
]


@pytest.mark.parametrize(("typed", "expected"), GOOD)
def test_a_name_or_address_is_read(typed: str, expected: tuple[str, str, str]) -> None:
    assert is_hub_spec(f" {typed}\n")
    choice = named(f" {typed}\n")
    assert (choice.repo, choice.revision, choice.file_name) == expected
    assert (choice.kind, choice.name) == ("named", expected[0])
    assert (choice.path, choice.sha256, choice.size_bytes, choice.n_params) == ("", "", None, None)
    assert "typed by the person" in choice.source


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("https://huggingface.co/datasets/org/data", "is a dataset of the Hub"),
        ("https://huggingface.co/org", "names no model"),
        ("https://huggingface.co/org/repo/discussions/3", "names no model"),
        ("org/re--po", "names no model"),
        ("org/repo@../../x", "leaves the repository"),
        ("org/repo:../../x.gguf", "leaves the repository"),
        ("hf://", "names no model"),
        ("https://huggingface.co/o/\x1b[2J", "names no model"),
        ("", "no model is given"),
        ("org", "there is no file org"),
        ("../org/repo", "there is no file"),
        ("./repo", "there is no file"),
        ("org/missing.gguf", "there is no file org/missing.gguf"),
    ],
)
def test_names_that_mean_nothing(typed: str, words: str) -> None:
    with pytest.raises(BadInput) as caught:
        named(typed) if is_hub_spec(typed) else resolve(typed)
    assert words in str(caught.value)
    assert str(caught.value).isprintable() and caught.value.hint
