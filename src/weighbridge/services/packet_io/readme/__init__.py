"""data/README.md, made of the records."""
