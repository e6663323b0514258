"""One screen a step, and the screens beside them."""
