"""Records of the domain as lines of text for a person."""
