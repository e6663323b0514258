"""Choosing a model, reading what it declares, and its forecast."""
