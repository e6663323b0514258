"""How the model of a server is named where a MODEL is typed."""

from __future__ import annotations

from urllib.parse import quote

from weighbridge.domain.serving.target import Target

SAFE = "/:@+,="
"""What stands as it is in the name behind an address."""


def served_spec(target: Target) -> str:
    """`https://host/v1#name`, `ollama:NAME`, or `transformers:NAME` for a server that weighbridge starts."""
    if target.api == "ollama":
        return f"ollama:{target.model}"
    if target.origin == "started":
        return f"transformers:{target.model}"
    return f"{target.base_url}#{quote(target.model, safe=SAFE)}"
