"""Verbs and options, with the texts of --help."""
