"""Model cards: front matter, sections and context lengths, each fact with its source."""
