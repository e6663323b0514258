"""Floor 0: the rules and the data. Standard library and pydantic; no I/O, no clock, no randomness."""
