"""The lines of the packet's README on a server, rented GPUs, a notebook and a load test."""

from __future__ import annotations

from collections.abc import Iterator

from weighbridge.domain.packet_elsewhere import served_resources
from weighbridge.services.packet_io.contents import Contents
from weighbridge.services.packet_io.markdown import code
from weighbridge.services.packet_io.notes.shutdown import cost_line
from weighbridge.services.packet_io.records.elsewhere import KEY_WORDS


def elsewhere_lines(c: Contents) -> Iterator[str]:
    """Nothing where the model ran in a process of weighbridge on this machine."""
    if c.server is not None:
        yield from _server(c)
    for said in c.decision.evaluation.doubts if c.decision and c.decision.evaluation else ():
        yield f"- **Doubt** on the server's account, eval: {code(said)}"
    for row in c.rentals.rows if c.rentals else ():
        proven = "its stop is proven" if row.proven else "**its stop is NOT proven**"
        yield f"- Rented GPU: {code(row.rental.order.hardware.name)}, {proven}; {cost_line(row)}"
        yield from (f"  - {code(said)}" for said in (row.rental.message,) if said)
    if c.notebook is not None:
        reset = {True: "**RESET underway**", False: "not reset", None: "whether it was reset is not known"}
        kind = c.notebook.runtime.runtime_type or "of a type that it does not tell"
        yield f"- Notebook: {code(kind)}, {reset[c.notebook.was_reset]}"
    if c.load is not None:
        steps = ", ".join(f"{step.concurrency}" for step in c.load.steps) or "none"
        yield f"- Load test: at {steps} requests at once; ended: {c.load.ended}. `load.json` has the figures"


def _server(c: Contents) -> Iterator[str]:
    server, proof = c.server, c.runtime.proof if c.runtime else None
    assert server is not None
    told = server.figures.name if server.figures else "asked nothing yet"
    where = server.target.base_url or "an address of this machine, where it was started"
    weights = "started here with the files below" if server.target.origin == "started" else "its weights were not seen"
    yield f"- Server: {code(told)} at {code(where)}, model {code(server.target.model)}; {weights}"
    if server.key in KEY_WORDS:
        kept = "" if server.key == "none" else "; it is in no file"
        yield f"- API key: {KEY_WORDS[server.key]}{kept}"
    if proof and proof.figures.server:
        yield f"- Server, resources: {code(served_resources(proof.figures).text)}"
        yield from (f"- **Doubt** on the server's account, proof: {code(said)}" for said in proof.figures.server.doubts)
        reused = proof.figures.server.reused
        if reused:
            yield f"- Prefix reuse: {reused} answers of the proof kept a part of the server's cache: no cold TTFT"
