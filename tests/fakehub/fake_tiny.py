"""A small repository that many tests put on their fake Hub. Its GGUF is no sound model."""

from __future__ import annotations

from fakehub.fake_hub import FakeHub
from fakehub.fake_repo import FakeRepo

REPO = "acme/tiny-GGUF"
CARD = b"---\nlicense: apache-2.0\nlanguage:\n- en\n---\n# Tiny\n"


def add_tiny(hub: FakeHub) -> FakeRepo:
    files = {"README.md": CARD, "tiny-Q4_0.gguf": b"GGUF" + bytes(996), "notes/more.txt": b"more"}
    return hub.add(REPO, files, gguf={"total": 1_000_000, "architecture": "llama"}, downloads=7, likes=3)
