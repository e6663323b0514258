"""Fills the records of a packet from the evidence of a run."""
