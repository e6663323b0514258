"""What runs and leaves events: proofs, evals, load tests."""
