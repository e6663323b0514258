"""Runs on disk: written, found, moved, brought up to date and mended."""
