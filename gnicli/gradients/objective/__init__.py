"""What training minimizes: one objective per file, each a schema with a `build` method."""
