"""The command line (layer 6)."""
