"""The Hugging Face Hub: names, search, metadata, cards, headers by ranges, downloads."""
