"""The bodies of steps that look different from route to route, and what several screens share."""
