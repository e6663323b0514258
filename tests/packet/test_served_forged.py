"""A forger changes what a packet says of its server, rental, notebook or load test: each change is found."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from packet.forge import document, lines, problems
from packet.served_run import loaded

from weighbridge.services.packet_io.evidence import PacketSource
from weighbridge.services.packet_io.write import write_packet

pytestmark = pytest.mark.usefixtures("marks_here")
Change = Callable[[Any], Any]


@pytest.fixture(scope="session")
def packets(
    tmp_path_factory: pytest.TempPathFactory, given: PacketSource, rented: PacketSource, notebook: PacketSource
) -> dict[str, Path]:
    """Good packets. Not to be changed."""
    folder = tmp_path_factory.mktemp("served")
    for name, source in {"given": loaded(given), "rented": rented, "notebook": notebook}.items():
        write_packet(folder / name, source)
    return {name: folder / name for name in ("given", "rented", "notebook")}


def put(*path: str | int, value: Any) -> Change:
    """Sets one value deep in a document."""

    def change(document: Any) -> Any:
        place = document
        for name in path[:-1]:
            place = place[name]
        place[path[-1]] = value
        return document

    return change


def events(kind: str, **changes: Any) -> Change:
    """Changes every event of one kind."""
    return lambda rows: [row | changes if row["event"] == kind else row for row in rows]


R = ("rows", 0, "rental")
FORGED: dict[str, tuple[str, str, tuple[tuple[Change, str], ...]]] = {
    "server": ("given", "server.json", (
        (put("target", "model", value="other"), "server: data/server.json: target"),
        (put("connected", "version", value="9"), "server: data/server.json: connected"),
        (put("stopped", "how", value="terminated"), "server: data/server.json: stopped"),
        (put("figures", "gpu_memory_bytes", value=1), "server: data/server.json: figures"),
    )),
    "model": ("given", "model/model.json", (
        (put("address", value="https://other.example.org/v1"), "server: data/server.json: target"),
    )),
    "figures": ("given", "events.jsonl", (
        (events("server_sample", gpu_memory_bytes=7), "figures: data/runtime.json: proof.figures.server"),
        (events("completed", output_tokens=1), "figures: data/runtime.json: proof.figures.output_tokens"),
        (events("completed", pieces=90), "pieces, not 90"),
        (events("completed", prefill_s=0.1), "tells of decode calls that nobody saw"),
        (events("completed", reused_tokens=-1), "counts below nothing"),
        (events("attempt", model_sha256="0" * 64), "names weights that nobody has seen"),
    )),
    "child": ("given", "events.jsonl", ((events("attempt", target=None), "ran the model"),)),
    "load": ("given", "load.json", (
        (put("steps", 0, "requests_per_s", value=99.0), "load: data/load.json: requests_per_s at 1"),
        (put("steps", 1, "errors", value=0), "load: data/load.json: errors at 2"),
        (put("target", "model", value="other"), "load: data/load.json: it was measured against another"),
        (put("ladder", value=[1]), "load: data/load.json: the steps [1, 2] are not those of the ladder [1]"),
    )),
    "requests": ("given", "load.jsonl", (
        (put(0, "t_end", value=0.1), "its times do not go forward"),
        (lambda rows: rows[:-1], "load: data/load.json: errors at 2"),
    )),
    "cost": ("rented", "rentals.json", (
        (put(*R, "cost", "amount_usd", value=0.1), "seconds x price give 0.4"),
        (put(*R, "cost", "price", "amount", value=0.1), "by another price than that of its order"),
        (put(*R, "order", "cap_usd", value=0.2), "above the cap of 0.2 USD"),
        (put(*R, "order", "run_id", value="x"), "ordered for another run"),
        (put(*R, "namespace", value="anna"), "names an account"),
        (put("rented_usd", value=0.0), "rented_usd is 0.0, the rentals come to 0.1"),
        (put("typed_price", value="1 USD"), "typed_price is not the price that the person typed"),
    )),
    "seconds": ("rented", "rentals.json", ((put(*R, "cost", "seconds", value=9.0), "seconds x price give"),)),
    "stop": ("rented", "rentals.json", (
        (put(*R, "stop", "stage", value="COMPLETED"), "the last stage on record is CANCELED"),
        (put(*R, "stop", "at", value="2026-01-01T00:00:00Z"), "after its stop at 2026-01-01"),
        (put(*R, "stop", "endpoint_refuses", value=None), "nobody looked whether it still answers"),
        (put(*R, "endpoint", value="https://x.example.org/v1"), "server: data/server.json: target"),
        (put(*R, "never", value=True), "is said to have made no job, and has one"),
    )),
    "answers": ("rented", "rentals.json", (
        (put(*R, "stop", "endpoint_refuses", value=False), "proven is True, its record gives False"),
    )),
    "reset": ("notebook", "notebook.json", (
        (put("runtime", "boot_id_end", value="other"), "notebook: data/notebook.json: was_reset"),
        (put("runtime", "stop", value=""), "completeness: shutdown"),
        (put("runtime", "ended_at", value="2025"), "notebook: data/notebook.json: missing"),
    )),
}  # fmt: skip
"""Changes of one file that do not hide each other, each with what is to be said of it."""


@pytest.mark.parametrize("case", FORGED)
def test_each_change_is_found(packets: dict[str, Path], tmp_path: Path, case: str) -> None:
    which, name, changes = FORGED[case]
    packet = Path(shutil.copytree(packets[which], tmp_path / "packet"))
    for change, _ in changes:
        (lines if name.endswith("l") else document)(packet, name, change)
    told = problems(packet)
    for _, found in changes:
        assert any(found in one for one in told), (found, told[:8])


@pytest.mark.parametrize(
    ("which", "name", "found"),
    [
        ("given", "server.json", "data/server.json is missing: data/model/model.json names a server"),
        ("given", "load.jsonl", "load: data/load.json: requests at 1"),
        ("rented", "rentals.json", "server: data/server.json: neither the model nor a rental"),
        ("notebook", "notebook.json", "neither a server nor a notebook of free_colab is in the packet"),
    ],
)
def test_a_file_that_is_taken_out_is_missed(
    packets: dict[str, Path], tmp_path: Path, which: str, name: str, found: str
) -> None:
    packet = Path(shutil.copytree(packets[which], tmp_path / "packet"))
    document(packet, "decision.json", lambda d: d)
    (packet / "data" / name).unlink()
    document(packet, "decision.json", lambda d: d)
    told = problems(packet)
    assert any(found in one for one in told), told[:8]
