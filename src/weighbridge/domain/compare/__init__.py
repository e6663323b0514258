"""Two packets side by side: what may be compared, and what of it became worse."""
