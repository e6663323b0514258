"""Floor 0: where else a model runs: servers, rented machines, notebooks, and how they are started."""
