"""Floor 0: the same cases at several requests at once, and what the server made of them."""
