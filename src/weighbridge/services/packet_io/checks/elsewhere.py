"""A model that ran somewhere else: one server in every file, and a notebook whose marks say whether it was reset."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from weighbridge.services.endpoint.address import way_to
from weighbridge.services.packet_io.contents import Contents
from weighbridge.services.packet_io.fill.elsewhere import notebook_record, server_file
from weighbridge.services.packet_io.rebuild import run_of
from weighbridge.services.packet_io.redact import NAME

SERVER, NOTEBOOK, RUNTIME = "data/server.json", "data/notebook.json", "data/runtime.json"


def check_server(c: Contents) -> Iterator[str]:
    """Address and name follow from the model or the rental, all that the server told from the events."""
    said, proof = c.server, c.runtime.proof if c.runtime else None
    if said is None:
        return
    job = c.jobs.get(proof.job_id, ()) if proof else ()
    right = server_file(run_of(c), job, proof.figures if proof else None, c.events)
    if right is None:
        yield f"{SERVER}: neither the model nor a rental of the packet is behind a server"
        return
    for field, value in right:
        if getattr(said, field) != value:
            yield f"{SERVER}: {field} is not what model, rentals and events give"
    address = said.target.base_url.replace(NAME, "name")
    parts = urlsplit(address)
    if parts.username or parts.password or parts.query:
        yield f"{SERVER}: the address holds a user or a query, which may be a credential"
    if address and said.key not in ("not recorded", "none", way_to(address)):
        yield f"{SERVER}: key is {said.key}, and to {said.target.base_url} none goes like that"
    connected = said.connected
    if connected is not None and connected.max_model_len is not None and connected.max_model_len < 1:
        yield f"{SERVER}: max_model_len is {connected.max_model_len}"


def check_notebook(c: Contents) -> Iterator[str]:
    """What follows from the facts of the runtime itself."""
    said = c.notebook
    if said is None:
        return
    for field, value in notebook_record(said.runtime):
        if getattr(said, field) != value:
            yield f"{NOTEBOOK}: {field} does not follow from the runtime's own facts"
    runtime = said.runtime
    if runtime.started_at and runtime.ended_at and runtime.ended_at < runtime.started_at:
        yield f"{NOTEBOOK}: the runtime ended at {runtime.ended_at}, before its start at {runtime.started_at}"
