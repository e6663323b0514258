"""weighbridge: weigh an open-weight model before anyone commits to it."""

__version__ = "0.1.0"
