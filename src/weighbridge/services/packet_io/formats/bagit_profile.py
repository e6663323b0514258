"""BagIt profiles (specification 1.4.0): what a packet that owes nothing holds, for BagIt's own validators.

There is one for each route and way of running: on the machine at hand, by a server, or planned.

A profile is named in bag-info.txt, lies in the packet, and `weighbridge schema` prints it. It has no address of its
own, so that its name is a UUID. A packet that still owes evidence is whole, and does not conform to its profile.
"""

from __future__ import annotations

import uuid
from typing import Any, Literal

from weighbridge.domain.route.constraints import RouteName
from weighbridge.services.packet_io.contents import Contents
from weighbridge.services.packet_io.json_text import json_text
from weighbridge.services.packet_io.records.files import FORM

PATH = "data/schemas/bagit-profile.json"
LABEL = "BagIt-Profile-Identifier"
Way = Literal["run", "served", "planned"]
"""`run`: a child of weighbridge ran the model. `served`: a server answered."""
PROFILES: tuple[tuple[RouteName, Way], ...] = (
    ("local_cpu", "run"),
    ("local_cpu", "served"),
    ("free_colab", "run"),
    ("free_colab", "served"),
    ("free_colab", "planned"),
    ("rented_gpu", "served"),
    ("rented_gpu", "planned"),
)
_ALWAYS = (
    "README.md", "decision.json", "runtime.json", "system.json", "policy.json", "redactions.json",
    "eval/cases.jsonl", "model/model.json", "model/card-facts.json", "model/licence.json", "model/LICENSE-NOTE.md",
    "model/mlbom.cdx.json",
)  # fmt: skip
_MEASURED = (
    "recipe.json", "events.jsonl", "first-run.md", "shutdown.md", "report.html",
    "eval/results.jsonl", "resources/requests.csv", "resources/samples.csv",
)  # fmt: skip
_OF_A_WAY: dict[Way, tuple[str, ...]] = {"run": ("decision.intoto.json",), "served": ("server.json",), "planned": ()}
_LABELS = (
    "Bagging-Date", "Bag-Software-Agent", "External-Description", "External-Identifier", "Payload-Oxum",
    "Weighbridge-Run", "Model", "Model-Repo", "Model-Revision", "Model-SHA256", "Decision",
)  # fmt: skip
_SPACE = uuid.UUID("6f1a1f0e-58b4-5d0c-9a43-0c2f3b7f5a11")
"""Namespace of the names of our profiles."""


def way_of(c: Contents) -> Way:
    """How the model of a packet was run. Nothing can be run on the route of this machine but here."""
    if c.server is not None:
        return "served"
    planned = c.decision is not None and c.decision.status == "planned"
    return "planned" if planned and c.decision and c.decision.route.route != "local_cpu" else "run"


def profile_id(route: str, way: Way) -> str:
    """The profile's name: it changes with the form of the records."""
    return f"urn:uuid:{uuid.uuid5(_SPACE, f'{route}/{way}/{FORM}')}"


def profile(route: RouteName, way: Way) -> str:
    """The profile of a route and a way of running, as JSON."""
    name = profile_id(route, way)
    own = (*_MEASURED, *_OF_A_WAY[way]) if way != "planned" else (f"route/{route}.md",)
    notebook = ("notebook.json",) if route == "free_colab" and way != "planned" else ()
    one = {"required": True, "repeatable": False}
    made: dict[str, Any] = {
        "BagIt-Profile-Info": {
            LABEL: name,
            "BagIt-Profile-Version": "1.4.0",
            "Source-Organization": "weighbridge",
            "External-Description": f"Evidence packet of an open-weight model, route {route}, {way}, nothing owed",
            "Version": str(FORM),
        },
        "Bag-Info": {
            LABEL: {**one, "values": [name]},
            "Route": {**one, "values": [route]},
            "Status": {**one, "values": ["planned" if way == "planned" else "measured"]},
            **{label: one for label in _LABELS},
        },
        "Manifests-Required": ["sha256"],
        "Tag-Manifests-Required": ["sha256"],
        "Allow-Fetch.txt": False,
        "Serialization": "optional",
        "Accept-Serialization": ["application/zip", "application/tar"],
        "Accept-BagIt-Version": ["1.0"],
        "Payload-Files-Required": sorted(f"data/{file}" for file in (*_ALWAYS, *own, *notebook)),
    }
    return json_text(made, 1) + "\n"
