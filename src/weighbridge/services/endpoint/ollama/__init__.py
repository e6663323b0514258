"""Floor 1: Ollama by its own API."""
