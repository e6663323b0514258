"""The notebook executed for real: a kernel, the program as it is installed, the bundled model, and back again."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import papermill  # type: ignore[import-untyped]
import pytest
from papermill.exceptions import PapermillExecutionError  # type: ignore[import-untyped]
from program import Cli
from ran_notebook import Ran, write_plan

from weighbridge.domain.packet import completeness
from weighbridge.domain.problems import BadInput
from weighbridge.services.runs.store import RunStore
from weighbridge.session.notebook.importing import evidence_of

pytestmark = pytest.mark.filterwarnings("default")


def run_all(notebook: Path, folder: Path, **parameters: str) -> Path:
    """Executes the notebook with what is installed here, and returns it as it ran."""
    ran = notebook.with_name("proof_output.ipynb")
    given = {"PACKAGE": "", "ENGINE": "", "FOLDER": str(folder), **parameters}
    papermill.execute_notebook(str(notebook), str(ran), parameters=given, kernel_name="python3", progress_bar=False)
    return ran


@pytest.mark.slow
def test_it_runs_through_twice_and_comes_back(cli: Cli, home: Path, tmp_path: Path) -> None:
    plan = write_plan(tmp_path / "plan")
    written = cli("notebook", str(plan), "-o", "proof.ipynb")
    assert written.returncode == 0, written.stderr
    ran = run_all(tmp_path / "proof.ipynb", tmp_path / "there")
    ran = run_all(tmp_path / "proof.ipynb", tmp_path / "there")
    nbformat.validate(nbformat.read(ran, as_version=nbformat.NO_CONVERT))  # type: ignore[no-untyped-call]
    back = cli("import", ran.name, "--link", "https://colab.research.google.com/drive/1a2b", "--json")
    assert back.returncode == 0, back.stderr
    told = json.loads(back.stdout)
    assert told["notebook"]["was_reset"] is False
    assert told["proof"]["outcome"] == "completed" and told["proof"]["output_tokens"] == 8
    assert told["missing"] == ["shutdown", "decision"]
    run = RunStore(home).load(told["run"])
    assert run.evaluation is not None and len(run.evaluation.results) == 5
    assert not run.planned and all(item.fact.reason for item in completeness(run) if not item.held)


def test_a_cell_that_fails_stops_the_rest_and_is_named(tmp_path: Path, ran: Ran) -> None:
    """Where nothing can be installed, nothing is taken for done."""
    notebook = tmp_path / "proof.ipynb"
    notebook.write_text(ran.text, encoding="utf-8")
    with pytest.raises(PapermillExecutionError, match="pip could not install no such package"):
        run_all(notebook, tmp_path / "there", PACKAGE="no such package")
    said = r"failed in the middle, in code cell 6 \(3. Install\): RuntimeError: pip could not install"
    with pytest.raises(BadInput, match=said), evidence_of(tmp_path / "proof_output.ipynb"):
        pass
