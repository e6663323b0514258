"""Which file is recommended for a machine, and the sentence that says why."""

from __future__ import annotations

import pytest

from weighbridge.domain.model.files import FileRow, WeightsFile, group, recommend
from weighbridge.domain.model.forecast import memory_verdict
from weighbridge.domain.model.hub import HubFile

MIB = 2**20
ONE_B = {
    "IQ1_S": 260, "Q2_K": 390, "IQ3_XXS": 420, "Q3_K_M": 480, "IQ4_XS": 540, "Q4_0": 560,
    "Q4_K_S": 570, "Q4_K_M": 600, "Q5_K_M": 700, "Q6_K": 800, "Q8_0": 1_040, "F16": 1_950,
}  # fmt: skip
"""Sizes of a model of 1B, MiB."""


def rows(available: int | None, **sizes: int) -> tuple[FileRow, ...]:
    """One file for each label; the need is the file and 200 MiB. Sizes and memory in MiB."""
    found = group(tuple(HubFile(path=f"acme-1B-{name}.gguf", size_bytes=n * MIB) for name, n in sizes.items()))
    return tuple(row(file, available) for file in found)


def row(file: WeightsFile, available: int | None) -> FileRow:
    need = (file.size_bytes or 0) + 200 * MIB
    verdict = memory_verdict(need, need, None if available is None else available * MIB)
    return FileRow(file=file, need_bytes=need, verdict=verdict)


@pytest.mark.parametrize(
    ("available", "label", "words"),
    [
        (16_000, "Q4_K_M", "Q4_K_M is the usual choice: it needs about 800 MiB and fits."),
        (942, "Q4_K_M", "it needs about 800 MiB and fits."),
        (930, "Q4_K_S", "Q4_K_S is the nearest below Q4_K_M (Q4_K_M needs about 800 MiB): it needs about 770 MiB"),
        (890, "IQ4_XS", "it needs about 740 MiB and fits."),
        (800, "Q3_K_M", "it needs about 680 MiB and fits."),
        (730, "IQ3_XXS", "it needs about 620 MiB and fits."),
        (700, "Q3_K_M", "it needs about 680 MiB, and that is tight."),
        (600, "IQ1_S", "is the best that is left (Q4_K_M needs about 800 MiB), and below Q3 answers get clearly worse"),
        (500, "IQ1_S", "below Q3 answers get clearly worse: it needs about 460 MiB, and that is tight."),
    ],
)
def test_the_choice_for_each_machine(available: int, label: str, words: str) -> None:
    name, reason = recommend(rows(available, **ONE_B))
    assert name == f"acme-1B-{label}.gguf"
    assert words in reason


def test_where_nothing_fits_the_smallest_is_named_and_nothing_is_recommended() -> None:
    assert recommend(rows(400, **ONE_B)) == ("", "No file fits: the smallest, IQ1_S, needs about 460 MiB.")


def test_a_repository_without_the_usual_one() -> None:
    assert recommend(rows(16_000, Q4_0=560, Q8_0=1_040, F16=1_950))[0] == "acme-1B-Q4_0.gguf"
    name, reason = recommend(rows(16_000, Q2_K=390, Q5_K_M=700, Q8_0=1_040))
    assert name == "acme-1B-Q5_K_M.gguf", "rather above than below Q3"
    assert reason == "Q5_K_M is the smallest above Q4_K_M: it needs about 900 MiB and fits."
    assert recommend(rows(16_000, F16=1_950, Q8_0=1_040))[0] == "acme-1B-Q8_0.gguf"


def test_with_unknown_memory_the_usual_one_is_taken_and_that_is_said() -> None:
    name, reason = recommend(rows(None, **ONE_B))
    assert name == "acme-1B-Q4_K_M.gguf"
    assert reason == "Q4_K_M is the usual choice: it needs about 800 MiB; whether that fits is not known."
    assert recommend(rows(None, Q3_K_M=480, Q8_0=1_040, IQ1_S=260))[0] == "acme-1B-Q3_K_M.gguf"


def test_before_any_header_was_read_the_size_of_the_file_is_given() -> None:
    unread = tuple(FileRow(file=one.file) for one in rows(None, **ONE_B))
    name, reason = recommend(unread)
    assert name == "acme-1B-Q4_K_M.gguf" and "it has 600 MiB of weights; whether that fits is not known." in reason


def test_a_file_of_which_the_need_is_unknown_comes_after_one_that_fits() -> None:
    known = rows(16_000, Q8_0=1_040)
    unknown = tuple(FileRow(file=one.file) for one in rows(None, Q4_K_M=600))
    assert recommend((*unknown, *known))[0] == "acme-1B-Q8_0.gguf"


def test_a_name_without_a_quantization_can_be_recommended_alone() -> None:
    (file,) = group((HubFile(path="model.gguf", size_bytes=300 * MIB),))
    name, reason = recommend((row(file, 16_000),))
    assert name == "model.gguf"
    assert reason == "model.gguf does not say its quantization: it needs about 500 MiB and fits."


def test_parts_and_unreadable_layouts_are_never_recommended() -> None:
    parts = [HubFile(path=f"acme-1B-Q4_K_M-0000{n}-of-00002.gguf", size_bytes=300 * MIB) for n in (1, 2)]
    gone = HubFile(path="acme-1B-Q4_0_4_4.gguf", size_bytes=560 * MIB)
    found = tuple(row(file, 16_000) for file in group((*parts, gone)))
    name, reason = recommend(found)
    assert name == "" and "in parts" in reason
    assert recommend((*found, *rows(16_000, Q8_0=1_040)))[0] == "acme-1B-Q8_0.gguf"
    assert recommend(())[0] == ""


def test_of_two_usual_ones_the_smaller_is_taken_whatever_the_order() -> None:
    two = rows(16_000, **{"UD-Q4_K_M": 610, "Q4_K_M": 600})
    assert recommend(two) == recommend(two[::-1])
    assert recommend(two)[0] == "acme-1B-Q4_K_M.gguf"
    assert recommend(two[1:])[1].startswith("UD-Q4_K_M is the usual choice")


@pytest.mark.parametrize("available", [None, *range(300, 2_500, 50)])
def test_a_recommended_file_is_one_of_the_rows_and_never_one_that_does_not_fit(available: int | None) -> None:
    found = rows(available, **ONE_B)
    name, reason = recommend(found)
    chosen = [one for one in found if one.file.name == name]
    assert reason.endswith(".") and reason.count(". ") == 0 and "MiB" in reason
    assert [one.verdict for one in chosen] != ["does_not_fit"]
    assert bool(name) == any(one.verdict != "does_not_fit" for one in found)
