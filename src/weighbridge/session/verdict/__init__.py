"""Cases, marks, and what was tried after them."""
