"""What an experiment says of a network for images that are too small for it."""
