"""One function a step of the line-prompt wizard."""
