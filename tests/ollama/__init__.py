"""Ollama by a server of its contract; the real one is not among the tests' parts."""
