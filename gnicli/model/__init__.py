"""The model (4.3) and (4.6) as its keys say: chains, densities, exits, and the laws they are compared with."""
