"""Floor 1: servers that answer over HTTP. One client, one module an API."""
