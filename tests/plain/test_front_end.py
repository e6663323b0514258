"""Which front end starts: the full screen only where it is seen."""

from __future__ import annotations

import pytest

from weighbridge.cli import needs_prompts


@pytest.mark.parametrize("piped", ["stdin", "stdout", "stderr"])
def test_the_full_screen_needs_all_three_streams(monkeypatch: pytest.MonkeyPatch, piped: str) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(f"sys.{name}.isatty", lambda: True)
    assert not needs_prompts()
    monkeypatch.setattr(f"sys.{piped}.isatty", lambda: False)
    assert needs_prompts()
