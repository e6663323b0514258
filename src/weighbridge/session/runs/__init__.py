"""Runs as a whole: opened, listed, renamed, moved to another machine and back."""
