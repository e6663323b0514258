"""A run with a load test goes to another machine with every request of it."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from weighbridge.domain.problems import BadInput
from weighbridge.services.runs.load_lines import NAME, read_load
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Session
from weighbridge.session.jobs.loading import load
from weighbridge.session.runs.moving import export_run, import_run


async def test_the_requests_travel_and_a_line_that_is_none_is_refused(
    served: Session, store: RunStore, tmp_path: Path
) -> None:
    async for _ in load(served, (1,), requests=5):
        pass
    await served.close()
    archive = export_run(store, served.run.id, tmp_path / "run.zip")
    there = RunStore(tmp_path / "there")
    run = import_run(there, archive).run
    assert run.load is not None and run.load == served.run.load
    earlier = list(read_load(served.folder, run.load.id))
    assert len(earlier) == 5 and list(read_load(there.runs / run.id, run.load.id)) == earlier

    with zipfile.ZipFile(archive) as whole, zipfile.ZipFile(tmp_path / "bad.zip", "w") as bad:
        for name in whole.namelist():
            bad.writestr(name, b"{}\n" if name == NAME else whole.read(name))
    with pytest.raises(BadInput, match=r"load\.jsonl holds a line that is no request"):
        import_run(RunStore(tmp_path / "elsewhere"), tmp_path / "bad.zip")
