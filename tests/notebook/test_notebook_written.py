"""The notebook of a plan: valid, the same each time, with the plan in it and nothing that is secret."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import nbformat
import pytest
from ran_notebook import CASES, PLAN, cell_of, planned, write_plan

import weighbridge
from weighbridge import __version__
from weighbridge.domain import intents as want
from weighbridge.domain.model.choice import ModelChoice
from weighbridge.domain.problems import BadInput, Refused
from weighbridge.services.plans import load_plan, model_of, pack_of
from weighbridge.session import Session
from weighbridge.session.notebook.writing import notebook_of, write_notebook


def read(text: str) -> dict[str, Any]:
    notebook: dict[str, Any] = json.loads(text)
    return notebook


async def test_the_same_plan_gives_the_same_bytes(planner: Session, home: Path, tmp_path: Path) -> None:
    other = await planned(home, write_plan(tmp_path / "plan"))
    assert notebook_of(planner.run) == notebook_of(other.run)
    await other.close()


async def test_it_is_valid_with_ids_that_stay(planner: Session, tmp_path: Path) -> None:
    path = tmp_path / "proof.ipynb"
    write_notebook(planner, path, "t4")
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)  # type: ignore[no-untyped-call]
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    ids = ["about", "parameters", "facts", "plan", "program", "install", "model", "run", "packet", "end"]
    assert [cell.id for cell in notebook.cells] == ids
    assert notebook.cells[1].metadata.tags == ["parameters"]
    assert notebook.metadata.accelerator == "GPU"
    assert notebook.metadata.colab.gpuType == "T4"
    for cell in notebook.cells[1:]:
        compile(cell.source, cell.id, "exec")


async def test_installs_and_model_are_pinned(planner: Session) -> None:
    notebook = read(notebook_of(planner.run))
    parameters = "".join(cell_of(notebook, "parameters")["source"])
    assert 'PACKAGE = "included"' in parameters
    assert 'ENGINE = "llama-cpp-python==' in parameters
    model = planner.run.model
    assert model is not None
    assert f"MODEL_SHA256 = '{model.sha256}'" in "".join(cell_of(notebook, "plan")["source"])


async def test_nothing_secret_and_nothing_of_this_machine_is_in_it(
    planner: Session, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_abcdefghijklmnop")
    monkeypatch.setenv("WEIGHBRIDGE_API_KEY", "sk-qwertyuiop")
    monkeypatch.setenv("HOME", "/home/ada-lovelace")
    text = notebook_of(planner.run)
    assert planner.run.model is not None and planner.run.model.path
    for word in ("hf_abcdefghijklmnop", "sk-qwertyuiop", str(home), "ada-lovelace", planner.run.model.path):
        assert word not in text


HOSTILE = 'It said """no""" \\ and \\n {model} \u00fcber\r\nend\\'


async def test_the_plan_in_it_is_the_plan(home: Path, tmp_path: Path) -> None:
    plan = PLAN.replace('"Say hello."', json.dumps(HOSTILE))
    session = await planned(
        home, write_plan(tmp_path / "p", plan, CASES.replace("Say 0.", 'Say \\"\\"\\" {0} \\r \\\\.'))
    )
    source = "".join(cell_of(read(notebook_of(session.run)), "plan")["source"])
    here = tmp_path / "there"
    here.mkdir()
    exec(compile(source, "plan", "exec"), {"HERE": here, "need": lambda *_: None, "DONE": set()})
    again = load_plan(here / "plan.toml")
    run = session.run
    assert again.constraints.model_dump() == run.constraints.model_dump()
    assert again.runtime.prompt == run.prompt == HOSTILE.replace("\r", "")
    assert (again.runtime.n_ctx, again.runtime.max_tokens, again.runtime.n_threads) == (512, 8, 1)
    pack = pack_of(again, here / "plan.toml")
    assert pack is not None and run.policy is not None
    assert (pack.digest, again.eval.min_pass) == (run.policy.cases_digest, run.policy.min_pass)
    assert model_of(again, here / "plan.toml") == "bundled"
    await session.close()


async def test_foreign_words_are_no_markup(planner: Session) -> None:
    planner.apply(want.Answer(field="task", value="see [here](http://evil.test) <img src=x> `rm`"))
    about = "".join(cell_of(read(notebook_of(planner.run)), "about")["source"])
    assert "\\[here\\](http://evil.test) \\<img src=x\\> \\`rm\\`" in about


async def test_another_route_gets_no_notebook(planner: Session) -> None:
    planner.apply(want.Answer(field="available_route", value="local_cpu"))
    with pytest.raises(BadInput, match="route is local_cpu"):
        notebook_of(planner.run)


async def test_private_inputs_stay_where_they_are(planner: Session) -> None:
    planner.apply(want.Answer(field="privacy", value="private_docs"))
    with pytest.raises(Refused, match="may not leave your own machines"):
        notebook_of(planner.run)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (
            ModelChoice(kind="file", name="own", file_name="own.gguf"),
            "own.gguf is no model that a notebook could fetch",
        ),
        (ModelChoice(kind="hub", name="org/repo", repo="org/repo", revision="0" * 40), "is a whole repository"),
        (ModelChoice(kind="named", name="r", repo="o/r", revision="main", file_name="x.gguf"), "o/r is not pinned"),
        (ModelChoice(kind="endpoint", name="served", address="https://h/v1", served_name="m"), "behind a server"),
    ],
)
async def test_a_model_that_cannot_be_fetched_there_is_named(planner: Session, model: ModelChoice, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        notebook_of(planner.run.model_copy(update={"model": model}))


async def test_a_file_of_the_hub_is_named_by_its_commit(planner: Session) -> None:
    model = ModelChoice(kind="hub", name="m", repo="org/repo", revision="a" * 40, file_name="x.gguf", sha256="b" * 64)
    text = notebook_of(planner.run.model_copy(update={"model": model}))
    assert f"org/repo@{'a' * 40}:x.gguf" in text
    assert "b" * 64 in text
    assert 'EXTRA = \\"\\"' in text


async def test_it_brings_its_own_program_and_asks_no_index_for_it(planner: Session, tmp_path: Path) -> None:
    """What pip is given is the wheel of the notebook, and that wheel installs the program that wrote it."""
    notebook, space = read(notebook_of(planner.run)), _space(tmp_path)
    asked: list[tuple[str, ...]] = []
    exec("".join(cell_of(notebook, "parameters")["source"]), space)
    space["tell"] = _teller(asked)
    for name in ("program", "install"):
        exec("".join(cell_of(notebook, name)["source"]), space)
    given = asked[0][asked[0].index("--quiet") + 1 :]
    wheel = tmp_path / f"weighbridge-{__version__}-py3-none-any.whl"
    assert given[0] == f"{wheel}[bundled]" and all("==" in word for word in given[1:])
    assert not any(word.startswith("weighbridge") for word in given)
    assert any(word.startswith("llama-cpp-python==") for word in given)
    there = tmp_path / "installed"
    command = (*_installer(), "--quiet", "--no-deps", "--no-index", "--target", str(there), str(wheel))
    subprocess.run(command, check=True, timeout=300)
    mine = Path(weighbridge.__file__).parent
    for path in ("cli.py", "data/notebook/install.cell", "data/servers.toml", "services/notebook/wheel.py"):
        assert (mine / path).read_bytes() == (there / "weighbridge" / path).read_bytes()
    names = {p.relative_to(there / "weighbridge") for p in (there / "weighbridge").rglob("*.py")}
    assert {p.relative_to(mine) for p in mine.rglob("*.py")} == names
    assert "Requires-Dist: textual==" in next(there.glob("*.dist-info/METADATA")).read_text()


async def test_a_damaged_program_is_not_installed(planner: Session, tmp_path: Path) -> None:
    notebook, space = read(notebook_of(planner.run)), _space(tmp_path)
    asked: list[tuple[str, ...]] = []
    exec("".join(cell_of(notebook, "parameters")["source"]), space)
    space["tell"] = _teller(asked)
    exec("".join(cell_of(notebook, "program")["source"]), space)
    space["PROGRAM_SHA256"] = "0" * 64
    with pytest.raises(RuntimeError, match="is damaged"):
        exec("".join(cell_of(notebook, "install")["source"]), space)
    assert asked == []


def _installer() -> tuple[str, ...]:
    """pip, or uv where that made the environment: it puts no pip into it."""
    if find_spec("pip") is not None:
        return (sys.executable, "-m", "pip", "install")
    uv = shutil.which("uv")
    assert uv is not None, "there is neither pip nor uv to install a wheel with"
    return (uv, "pip", "install", "--python", sys.executable)


def _teller(asked: list[tuple[str, ...]]) -> Callable[..., int]:
    def tell(*command: str) -> int:
        asked.append(command)
        return 0

    return tell


def _space(folder: Path) -> dict[str, Any]:
    return {"HERE": folder, "DONE": set(), "need": lambda *cells: None, "sys": sys}


async def test_another_source_of_the_program_leaves_the_wheel_out(planner: Session) -> None:
    notebook = read(notebook_of(planner.run, package="git+https://host.test/weighbridge"))
    assert 'PACKAGE = "git+https://host.test/weighbridge"' in "".join(cell_of(notebook, "parameters")["source"])
    assert all(cell["id"] != "program" for cell in notebook["cells"])


async def test_it_says_what_a_gpu_would_be_good_for(planner: Session) -> None:
    about = "".join(cell_of(read(notebook_of(planner.run, "T4")), "about")["source"])
    assert "Colab opens it with T4" in about and "seen and not used" in about
    planner.apply(want.ChangeSetting(field="n_gpu_layers", value="-1"))
    about = "".join(cell_of(read(notebook_of(planner.run, "T4")), "about")["source"])
    assert "puts layers on a GPU" in about and "not used" not in about


async def test_an_accelerator_that_nobody_knows_is_refused(planner: Session) -> None:
    with pytest.raises(BadInput, match="'T5' is no accelerator"):
        notebook_of(planner.run, "T5")


async def test_a_name_that_is_no_notebook_is_refused(planner: Session, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no name of a notebook"):
        write_notebook(planner, tmp_path / "proof.txt")


async def test_a_cell_waits_for_those_before_it(planner: Session, tmp_path: Path) -> None:
    notebook = read(notebook_of(planner.run))
    space: dict[str, Any] = {"FOLDER": str(tmp_path / "there"), "PACKAGE": "", "ENGINE": "", "GIVE_BACK": True}
    exec("".join(cell_of(notebook, "facts")["source"]), space)
    for name, before in (("install", "2. The plan"), ("run", "4. The model, pinned"), ("packet", "5. Proof and eval")):
        with pytest.raises(RuntimeError, match=f"The cell '{before}' has not run through"):
            exec("".join(cell_of(notebook, name)["source"]), space)
    assert json.loads((tmp_path / "there" / "facts.json").read_text())["python"]
