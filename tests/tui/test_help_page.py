"""Which help a step shows: where the model runs somewhere else, the step Runtime has another page."""

from __future__ import annotations

import pytest
from recording import recorded_run

from weighbridge.tui.screens.dialogs.help_page import help_text, page_of


@pytest.mark.parametrize(
    ("route", "word"), [("local_cpu", "n_ctx"), ("rented_gpu", "time limit that the provider keeps")]
)
def test_the_step_runtime_is_explained_for_where_the_model_runs(route: str, word: str) -> None:
    run = recorded_run()
    run = run.model_copy(update={"constraints": run.constraints.model_copy(update={"available_route": route})})
    text = " ".join(help_text(page_of(run, "runtime")).split())
    assert word in text
    assert page_of(run, "proof") == "proof"
