"""The JSON files of a packet as models: their schemas lie beside them."""
