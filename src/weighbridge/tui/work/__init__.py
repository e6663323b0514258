"""What outlives a screen: jobs, downloads, rentals, packets, and what is asked before them."""
