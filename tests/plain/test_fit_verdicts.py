"""What `fit` says beside its figures: a refusal by the engine, a context beyond the trained one, too little disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from gguf_craft import craft_file
from program import Cli

from weighbridge.domain.model.choice import ModelChoice
from weighbridge.domain.model.files import FileRow, HubView, group
from weighbridge.domain.model.forecast import DISK_MARGIN_BYTES, Forecast
from weighbridge.domain.model.hub import HubFile
from weighbridge.plain.texts.forecast import forecast_text
from weighbridge.plain.texts.hub import files_table
from weighbridge.plain.verbs.fit import report
from weighbridge.session import Session
from weighbridge.tui.widgets.weights_list import file_details, file_line
from weighbridge.tui.words.forecast import file_rows, forecast_rows

MIB = 1 << 20


@pytest.fixture
async def made(session: Session) -> Forecast:
    await session.choose_model("bundled")
    assert session.run.forecast is not None
    return session.run.forecast


def wizard(made: Forecast) -> dict[str, str]:
    """The wizard's rows by label, those of a file that is to be downloaded among them."""
    model = ModelChoice(kind="hub", name="m", repo="a/b", file_name="m.gguf", size_bytes=94 * MIB)
    return {row.label.strip(): str(row.value) for row in (*forecast_rows(made, False), *file_rows(model, made, False))}


def test_a_file_that_the_engine_refuses_does_not_fit(here: Cli, tmp_path: Path) -> None:
    path = tmp_path / "odd.gguf"
    path.write_bytes(craft_file({"llama.rope.dimension_count": 15, "llama.attention.layer_norm_rms_epsilon": 1e-5}))
    text = here("fit", str(path)).stdout
    assert text.splitlines()[1].split()[0] == "REFUSED" and "n_rot" in text.splitlines()[1]
    assert "fits:" not in text and "tokens fit" not in text
    told = json.loads(here("fit", str(path), "--json").stdout)
    assert told["verdict"] == "refused" and "n_rot" in told["refusal"] and told["refusal"] in told["warnings"]


def test_the_wizard_says_a_refusal_first(made: Forecast) -> None:
    rows = list(forecast_rows(made.refused("The engine cannot load the file: odd."), False))
    assert (rows[0].label, rows[0].tone) == ("! refused", "bad") and "odd" in rows[0].value
    assert not any("fits" in row.value for row in rows)


def test_a_context_beyond_the_trained_one_is_said(made: Forecast) -> None:
    beyond = made.model_copy(update={"n_ctx": 100_000})
    words = "longer than the 8,192 that the model was trained for"
    assert words in forecast_text(beyond) and words in wizard(beyond)["! context"]
    assert words not in forecast_text(made) and "! context" not in wizard(made)
    assert "8,192 tokens fit, all that the model was trained for" in forecast_text(beyond)
    assert "all that the model was trained for" in wizard(beyond)["largest ctx"]


async def test_json_says_it_too(session: Session, made: Forecast) -> None:
    told = report(session.run.model_copy(update={"forecast": made.model_copy(update={"n_ctx": 8_193})}), None)
    assert told["n_ctx_train"] == 8_192 and "longer than the 8,192" in told["warnings"][0]
    assert report(session.run, None)["warnings"] == []


@pytest.mark.parametrize(
    ("free", "enough"), [(94 * MIB + DISK_MARGIN_BYTES, True), (94 * MIB + DISK_MARGIN_BYTES - 1, False), (None, None)]
)
async def test_the_disk_is_judged_with_the_margin_that_a_download_leaves(
    session: Session, made: Forecast, free: int | None, enough: bool | None
) -> None:
    wanted = made.model_copy(update={"disk_needed_bytes": 94 * MIB, "disk_free_bytes": free})
    assert ("NOT ENOUGH, as 64 MiB stay free" in forecast_text(wanted)) == (enough is False)
    assert ("too little" in wizard(wanted)["disk"]) == (enough is False)
    told = report(session.run.model_copy(update={"forecast": wanted}), None)["disk"]
    assert told == {
        "needed_bytes": 94 * MIB, "free_bytes": free, "margin_bytes": DISK_MARGIN_BYTES, "enough": enough
    }  # fmt: skip


def test_nothing_to_download_needs_no_room(made: Forecast) -> None:
    assert made.model_copy(update={"disk_free_bytes": 0}).disk_suffices is True


def test_a_list_says_what_is_by_formula_and_what_cannot_be_chosen() -> None:
    files = group(
        tuple(HubFile(path=path, size_bytes=MIB) for path in ("a-Q4_0.gguf", ".b.gguf", "c-00001-of-00002.gguf"))
    )
    view = HubView(repo="a/b", revision="0" * 40, fetched_at="", rows=tuple(FileRow(file=file) for file in files))
    head, *rows = files_table(view)[:4]
    assert "needs about" in head
    said = {row.split()[0]: row for row in rows}
    assert "unusable" in said[".b.gguf"] and "not safe on a disk" in said[".b.gguf"]
    assert "only 1 of its 2 parts" in said["c-00001-of-00002.gguf"] and "unusable" not in said["a-Q4_0.gguf"]
    for row in view.rows:
        assert ("unusable" in file_line(row, False, 80).plain) == (not row.file.choosable)
        assert [one.value for one in file_details(view, row) if "problem" in one.label] == [row.file.problem][
            : bool(row.file.problem)
        ]
