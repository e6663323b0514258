"""Notebooks for a free runtime: written from a plan, and read back once they ran."""
