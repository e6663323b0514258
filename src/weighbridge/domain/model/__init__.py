"""What can be known about a model before its weights are run: header, declared facts, forecast."""
