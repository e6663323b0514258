"""Floor 2: a plan as a notebook, and what ran there back into its run."""
