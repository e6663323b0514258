"""BagIt profiles (specification 1.4.0), one a route: what a packet that owes nothing holds, for BagIt's own validators.

A profile is named in bag-info.txt, lies in the packet, and `weighbridge schema` prints it. It has no address of its
own, so that its name is a UUID. A packet that still owes evidence is whole, and does not conform to its profile.
"""

from __future__ import annotations

import uuid
from typing import Any

from weighbridge.domain.route.constraints import RouteName
from weighbridge.services.packet_io.json_text import json_text
from weighbridge.services.packet_io.records import FORM

PATH = "data/schemas/bagit-profile.json"
LABEL = "BagIt-Profile-Identifier"
ROUTES: tuple[RouteName, ...] = ("local_cpu", "free_colab", "rented_gpu")
_ALWAYS = (
    "README.md", "decision.json", "runtime.json", "system.json", "policy.json", "redactions.json",
    "eval/cases.jsonl", "model/model.json", "model/card-facts.json", "model/licence.json", "model/LICENSE-NOTE.md",
    "model/mlbom.cdx.json",
)  # fmt: skip
_MEASURED = (
    "recipe.json", "events.jsonl", "first-run.md", "shutdown.md", "decision.intoto.json", "report.html",
    "eval/results.jsonl", "resources/requests.csv", "resources/samples.csv",
)  # fmt: skip
_LABELS = (
    "Bagging-Date", "Bag-Software-Agent", "External-Description", "External-Identifier", "Payload-Oxum",
    "Weighbridge-Run", "Model", "Model-Repo", "Model-Revision", "Model-SHA256", "Decision",
)  # fmt: skip
_SPACE = uuid.UUID("6f1a1f0e-58b4-5d0c-9a43-0c2f3b7f5a11")
"""Namespace of the names of our profiles."""


def profile_id(route: str) -> str:
    """The profile's name: it changes with the form of the records."""
    return f"urn:uuid:{uuid.uuid5(_SPACE, f'{route}/{FORM}')}"


def profile(route: RouteName) -> str:
    """The profile of a route, as JSON."""
    own = _MEASURED if route == "local_cpu" else (f"route/{route}.md",)
    one = {"required": True, "repeatable": False}
    made: dict[str, Any] = {
        "BagIt-Profile-Info": {
            LABEL: profile_id(route),
            "BagIt-Profile-Version": "1.4.0",
            "Source-Organization": "weighbridge",
            "External-Description": f"Evidence packet of an open-weight model, route {route}, nothing owed",
            "Version": str(FORM),
        },
        "Bag-Info": {
            LABEL: {**one, "values": [profile_id(route)]},
            "Route": {**one, "values": [route]},
            "Status": {**one, "values": ["measured" if route == "local_cpu" else "planned"]},
            **{label: one for label in _LABELS},
        },
        "Manifests-Required": ["sha256"],
        "Tag-Manifests-Required": ["sha256"],
        "Allow-Fetch.txt": False,
        "Serialization": "optional",
        "Accept-Serialization": ["application/zip", "application/tar"],
        "Accept-BagIt-Version": ["1.0"],
        "Payload-Files-Required": sorted(f"data/{name}" for name in (*_ALWAYS, *own)),
    }
    return json_text(made, 1) + "\n"
