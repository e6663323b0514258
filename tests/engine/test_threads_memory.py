"""A sweep is made anew where the machine, the model, the settings, the load or the day is another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from weighbridge.domain.proof.runtime import Launch
from weighbridge.domain.proof.settings import RuntimeSettings
from weighbridge.domain.proof.threads import Swept
from weighbridge.services.engine import mode_memory
from weighbridge.services.engine.thread_memory import FILE, MOST, forget_threads, known_threads, remember_threads

NOON = "2026-01-02T12:00:00Z"


def _launch(**changes: Any) -> Launch:
    settings = {name: changes.pop(name) for name in list(changes) if name in RuntimeSettings.model_fields}
    return Launch(
        **{
            "model_path": "m.gguf",
            "model_sha256": "a" * 64,
            "settings": RuntimeSettings(**settings),
            "log_path": "log",
            "usable_cores": 4,
            "others_percent": 3.0,
            **changes,
        }
    )


def _swept(at: str = "2026-01-02T11:58:30Z", n: int = 3) -> Swept:
    return Swept(t=1.5, how="measured", n_threads=n, n_threads_batch=4, reason="r", at=at, seconds=1.2)


def test_it_is_known_with_its_age(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    assert known_threads(folder, _launch(), NOON) is None
    remember_threads(folder, _launch(), _swept())
    known = known_threads(folder, _launch(), NOON)
    assert known is not None
    assert (known.how, known.n_threads, known.n_threads_batch, known.age_s) == ("remembered", 3, 4, 90.0)
    assert known.seconds == 0.0, "this time it took none"


@pytest.mark.parametrize(
    "other",
    [
        {"model_sha256": "b" * 64},
        {"mode": "safe"},
        {"kv_type": "q8_0"},
        {"flash_attn": "on"},
        {"n_batch": 128},
        {"n_ubatch": 64},
        {"n_threads_batch": 2},
        {"usable_cores": 8},
        {"others_percent": 90.0},
        {"others_percent": None},
    ],
)
def test_it_does_not_hold_for_another_launch(tmp_path: Path, other: dict[str, Any]) -> None:
    remember_threads(tmp_path, _launch(), _swept())
    assert known_threads(tmp_path, _launch(**other), NOON) is None


@pytest.mark.parametrize("same", [{"n_ctx": 4096}, {"max_tokens": 5}, {"seed": 7}, {"others_percent": 20.0}])
def test_it_holds_where_nothing_of_weight_changed(tmp_path: Path, same: dict[str, Any]) -> None:
    remember_threads(tmp_path, _launch(), _swept())
    assert known_threads(tmp_path, _launch(**same), NOON) is not None


@pytest.mark.parametrize(
    ("now", "holds"),
    [
        ("2026-01-03T11:58:00Z", True),
        ("2026-01-03T11:59:00Z", False),
        ("2026-01-02T11:58:00Z", False),
        ("2025-12-01T00:00:00Z", False),
    ],
    ids=["a day later", "more than a day later", "before it was made", "a clock that was set back"],
)
def test_it_holds_for_a_day(tmp_path: Path, now: str, holds: bool) -> None:
    remember_threads(tmp_path, _launch(), _swept())
    assert (known_threads(tmp_path, _launch(), now) is not None) is holds


def test_a_machine_that_is_full_is_not_fuller(tmp_path: Path) -> None:
    remember_threads(tmp_path, _launch(others_percent=310.0), _swept())
    assert known_threads(tmp_path, _launch(others_percent=700.0), NOON) is not None


def test_another_machine_or_build_starts_afresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remember_threads(tmp_path, _launch(), _swept())
    monkeypatch.setattr(mode_memory, "_cpu", lambda: ["another"])
    assert known_threads(tmp_path, _launch(), NOON) is None


def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    for number in range(MOST + 5):
        at = f"2026-01-02T11:{number:02}:00Z"
        remember_threads(tmp_path, _launch(model_sha256=f"{number:064}"), _swept(at))
    holds = [known_threads(tmp_path, _launch(model_sha256=f"{n:064}"), NOON) is not None for n in range(MOST + 5)]
    assert holds == [False] * 5 + [True] * MOST


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"a": 1}', "\ud83d"])
def test_a_damaged_file_means_nothing_is_known(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_bytes(text.encode("utf-8", "surrogatepass"))
    assert known_threads(tmp_path, _launch(), NOON) is None
    remember_threads(tmp_path, _launch(), _swept())
    assert known_threads(tmp_path, _launch(), NOON) is not None


@pytest.mark.parametrize(("old", "new"), [('"n_threads": 3', '"n_threads": 99'), ('"busy_cores"', '"busy"'), ("Z", "")])
def test_a_damaged_entry_is_measured_anew(tmp_path: Path, old: str, new: str) -> None:
    remember_threads(tmp_path, _launch(), _swept())
    path = tmp_path / FILE
    path.write_text(path.read_text().replace(old, new))
    assert known_threads(tmp_path, _launch(), NOON) is None


def test_it_is_forgotten_on_request(tmp_path: Path) -> None:
    remember_threads(tmp_path, _launch(), _swept())
    forget_threads(tmp_path)
    assert known_threads(tmp_path, _launch(), NOON) is None
    forget_threads(tmp_path)


def test_a_place_that_is_no_folder_costs_only_the_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    remember_threads(tmp_path / "file", _launch(), _swept())
    assert known_threads(tmp_path / "file", _launch(), NOON) is None
