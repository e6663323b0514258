"""What `verify` looks at: one module a matter, each with what of the packet contradicts another part of it."""
