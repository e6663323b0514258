"""Floor 1: `transformers serve` of the person's environment: started, watched and ended here."""
