"""Screens beside the nine steps: runs, cases, comparisons, rented GPUs."""
