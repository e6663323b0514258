"""Constraints -> route -> family: where to run, and what was turned down and why."""
