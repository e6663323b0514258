"""The packet's notes for people, made of its records."""
