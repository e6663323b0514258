"""A packet's records in the formats of others, so that their tools open them: one module a format."""
