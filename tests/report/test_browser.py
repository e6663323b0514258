"""The page in a real browser: no request leaves it, it fits a phone, and axe-core finds nothing against it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from report.at_hand import answered
from report.browser import CHROMIUM, HOST, opened, result, serving, without_policy

from weighbridge.services.packet_io.contents import Contents
from weighbridge.services.packet_io.report_page import page

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not CHROMIUM, reason="there is no chromium here")]
PATH = "/data/report.html"
AXE = "axe-core@4"
_HOSTILE = "<img src=http://other.test/x><script src=http://other.test/y></script>" + "W" * 3_000
_MEASURE = """<!doctype html><iframe id=f width=WIDTH height=800 src=/data/report.html></iframe><pre id=result></pre>
<script>onload = () => {
  const root = f.contentDocument.documentElement;
  const boxes = [...root.querySelectorAll('main *')].filter(e => !e.closest('.scroll') && !e.closest('svg'));
  const out = boxes.filter(e => e.getBoundingClientRect().right > root.clientWidth + 1);
  const wide = out.map(e => e.outerHTML.slice(0, 80));
  document.getElementById('result').textContent = JSON.stringify([root.scrollWidth, root.clientWidth, wide]);
}</script>"""
_RUN_AXE = """<pre id=result></pre><script>onload = () => axe.run(document).then(found => {
  const said = found.violations.map(v => [v.id, v.impact, v.nodes.map(n => n.html.slice(0, 200))]);
  document.getElementById('result').textContent = JSON.stringify({violations: said, passes: found.passes.length});
})</script>"""


def test_no_request_leaves_the_page(weighed: Contents, tmp_path: Path) -> None:
    with serving({PATH: page(answered(weighed, _HOSTILE))}) as served:
        document = opened(served, PATH, tmp_path)
    assert "How to check it" in document
    assert served.of_pages() == [f"{HOST}{PATH}"]


def test_a_page_that_asked_would_be_seen(tmp_path: Path) -> None:
    """The same rig and a page that does ask."""
    with serving({PATH: f"<!doctype html><p>{_HOSTILE}"}) as served:
        opened(served, PATH, tmp_path)
    assert "other.test/x" in served.of_pages()


@pytest.mark.parametrize("width", [320, 390, 1200])
@pytest.mark.parametrize("which", ["weighed", "plan", "hostile"])
def test_nothing_but_tables_is_wider_than_the_screen(
    weighed: Contents, plan: Contents, tmp_path: Path, which: str, width: int
) -> None:
    text = page({"weighed": weighed, "plan": plan}.get(which) or answered(weighed, _HOSTILE))
    with serving({PATH: text, "/measure": _MEASURE.replace("WIDTH", str(width))}) as served:
        scrolled, shown, wide = result(opened(served, "/measure", tmp_path))
    assert wide == []
    assert scrolled <= shown


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script of axe-core, from its package."""
    folder, npm = tmp_path_factory.mktemp("axe"), shutil.which("npm")
    if npm is None:
        pytest.skip("there is no npm here")
    got = subprocess.run([npm, "pack", AXE, "--silent"], cwd=folder, capture_output=True, timeout=120, check=False)
    if got.returncode:
        pytest.skip("axe-core cannot be had here")
    shutil.unpack_archive(next(folder.glob("*.tgz")), folder, "gztar", filter="data")
    return (folder / "package" / "axe.min.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("flags", [(), ("--force-dark-mode", "--blink-settings=preferredColorScheme=0")])
@pytest.mark.parametrize("which", ["weighed", "plan"])
def test_axe_finds_no_fault(
    weighed: Contents, plan: Contents, axe: str, tmp_path: Path, which: str, flags: tuple[str, ...]
) -> None:
    text = without_policy(page(weighed if which == "weighed" else plan))
    text = text.replace("</footer>", f"{_RUN_AXE}<script>{axe}</script></footer>")
    with serving({PATH: text}) as served:
        found: dict[str, Any] = result(opened(served, PATH, tmp_path, *flags))
    assert found["violations"] == []
    assert found["passes"] > 20
