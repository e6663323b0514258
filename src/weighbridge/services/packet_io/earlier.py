"""What earlier versions wrote into packets of the present form, and what still holds there.

Fields were added since, which a record without them does not miss: its schemas are those of the version that wrote it.
"""

from __future__ import annotations

from hashlib import sha256

SCHEMAS: dict[str, tuple[str, ...]] = {
    "data/schemas/decision.schema.json": ("a4997dd155eaea83ef1e849c41a35671b634644097caa009f24f8cc00c3f03a1",),
    "data/schemas/event.schema.json": ("6b47a01a77055b58bffc7c7aa6833c24e5e24184779e10ada3073dc6f0220823",),
    "data/schemas/load.schema.json": ("438d3a56f9606462bbfca3dcf3ccab3a5489d8bc20363f50d9088ef7e677ae7f",),
    "data/schemas/recipe.schema.json": ("6644fe2a5ef762a57e48e9da09f7702dc439be264f4a98ff4bb007446f22f984",),
    "data/schemas/runtime.schema.json": ("5e241dc52e18c5fe78c35d0c1263f8c6c1edd89843d411fa47a049cb44b90757",),
    "data/schemas/server.schema.json": ("8fb9388af476f5a30dd6e41dde2102f83ad7d48a61c02a4b147ec48e26cd403f",),
}
"""SHA-256 of schemas that lacked later fields, by path."""


def is_earlier_schema(path: str, text: str) -> bool:
    """Whether it is a schema of this form as an earlier version wrote it, byte for byte."""
    return sha256(text.encode()).hexdigest() in SCHEMAS.get(path, ())
