"""Floor 3: line prompts and headless output, without Textual."""
