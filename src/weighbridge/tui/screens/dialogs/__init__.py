"""What is asked above a step, and gone with its answer."""
