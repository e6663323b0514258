"""The bytes of a file on the Hub: its header by ranges, its download, its checked copies on this machine."""
