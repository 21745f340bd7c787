"""Members of `samples=`: where the numbers come from that a law is fitted to (layer 1)."""
