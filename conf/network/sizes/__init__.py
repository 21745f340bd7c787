"""What an experiment says of the network that is chosen."""
