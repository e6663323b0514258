"""Packets: made, compared and run again; plans for other tools."""
