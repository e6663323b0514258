"""One module a verb: what it does, and what it prints."""
