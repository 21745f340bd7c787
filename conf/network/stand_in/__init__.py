"""What an experiment says of a network for images too small for it."""
