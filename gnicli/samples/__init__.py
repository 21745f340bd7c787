"""Members of `samples=`: the sources of the numbers to which a law is fitted (layer 1)."""
