"""Floor 1: each module reaches exactly one outside thing."""
