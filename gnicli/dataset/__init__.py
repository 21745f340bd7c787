"""Data sets: one per file, each a schema with a `load` method (layer 1)."""
