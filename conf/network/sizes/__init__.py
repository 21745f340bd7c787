"""What an experiment says of a network that is chosen."""
