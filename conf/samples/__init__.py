"""Members of `samples=` as YAML."""
