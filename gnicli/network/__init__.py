"""Networks: one per file, each a schema with a `build` method (layer 1)."""
