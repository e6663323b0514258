"""Packs of cases: read, written, imported, and their answers marked."""
