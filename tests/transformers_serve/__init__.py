"""`transformers serve` as a runtime: by stand-ins for its command, and by the real one where an environment has it."""
