"""The PLAN of `weighbridge run PLAN --rent USD` that orders the same machine for the same proof."""

from __future__ import annotations

import json
from typing import Any

from weighbridge.domain.proof.settings import HeardSettings
from weighbridge.domain.serving.rental import Order

SENT = ("max_tokens", "temperature", "seed", "repeats")
"""Settings that reach a server."""


def rental_plan(order: Order, settings: HeardSettings, prompt: str) -> str:
    """TOML: the model at its commit, the server's image and length, the hardware, the cap, and what was sent."""
    tables: dict[str, dict[str, Any]] = {
        "constraints": {"available_route": "rented_gpu"},
        "model": {"use": f"{order.repo}@{order.revision}"},
        "runtime": {**{name: getattr(settings, name) for name in SENT}, "prompt": prompt},
        "serve": {
            "engine": order.engine,
            "hardware": order.hardware.name,
            "image": order.image,
            "max_model_len": order.max_model_len,
            "cap_usd": order.cap_usd,
        },
    }
    return "\n".join(_table(name, values) for name, values in tables.items())


def _table(name: str, values: dict[str, Any]) -> str:
    """A string of JSON is one of TOML, but for the one control character that JSON leaves as it is."""
    lines = (
        f"{key} = {json.dumps(value, ensure_ascii=False)}".replace("\x7f", "\\u007f") for key, value in values.items()
    )
    return "\n".join((f"[{name}]", *lines, ""))
