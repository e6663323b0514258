"""Floor 3: the wizard. The only place that imports Textual."""
