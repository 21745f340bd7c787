"""Maximum likelihood for stable laws: samples into bins, a search on nodes, the exact likelihood where these fail."""
