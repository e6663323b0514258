"""What a proof emits (events), what is derived from it (measures), and who runs it (the Runtime protocol)."""
