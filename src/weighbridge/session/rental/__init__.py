"""Floor 2: renting a GPU: order, way to the endpoint, watch, stop with its proof, and what was left running."""
